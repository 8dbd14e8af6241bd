#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "covey/base/result.h"

namespace covey::settings {

struct Section {
  std::string_view name;               // "task.select", "column[0]"
  std::vector<std::string_view> keys;  // sections within it among them
};

// Where an error is that is in no file: at a value that `set` put into the document.
inline constexpr std::string_view kPlaceOfSet = "set by --set";

// A TOML file with its first error: after one, nothing more is read, so that a caller reads
// straight through and asks at the end. A path is of section and key, "round.target". What is not
// in the file leaves `out` as it was; what is, but is of another kind or outside the limits, is an
// error with line and column. Not thread-safe.
class TomlDocument {
 public:
  static Result<TomlDocument> parse(std::string_view text);
  TomlDocument(TomlDocument&&) noexcept;
  ~TomlDocument();

  // Puts a value at `path`, "train.learning_rate", as if the file said so; `value` is TOML, or else
  // a text without its quotes. Errors of reading it say kPlaceOfSet instead of line and column.
  // kInvalidArgument when the path names no section and key, or leads through what is no section.
  Status set(const std::string& path, const std::string& value);
  // The document as it is now, in TOML: the same values, without comments.
  std::string to_text() const;

  const std::optional<Error>& error() const;
  const std::set<std::string>& given() const;  // the paths that were asked for and are there

  // At the value of that path, or of its section, or at the file's beginning.
  void fail(const std::string& path, const std::string& message);
  // Everything in the file is a key of one of these; else with the nearest legal name. The sections
  // `unread` may be there too: whatever is in them is another reader's.
  void check_names(std::span<const Section> sections,
                   std::span<const std::string_view> unread = {});
  // Of these sections alone.
  void check_keys(std::span<const Section> sections);
  void require(const std::string& path, const char* example);

  void text(const std::string& path, std::string& out, std::size_t most_bytes = 256);
  void texts(const std::string& path, std::vector<std::string>& out, std::size_t most);
  void yes_or_no(const std::string& path, bool& out);
  void duration(const std::string& path, std::chrono::milliseconds& out,
                std::chrono::milliseconds low, std::chrono::milliseconds high);
  enum class Ends : std::uint8_t { kBoth, kOnlyLow };  // which of the limits are themselves legal
  void number(const std::string& path, double& out, double low, double high,
              Ends ends = Ends::kBoth);

  template <typename Integer>
  void whole(const std::string& path, Integer& out, std::uint64_t low, std::uint64_t high) {
    if (const auto value = whole_number(path, low, high)) out = static_cast<Integer>(*value);
  }
  // The same, or the text `word`, which stands for `meaning`.
  template <typename Integer>
  void whole_or(const std::string& path, Integer& out, std::uint64_t low, std::uint64_t high,
                std::string_view word, Integer meaning) {
    if (is_word(path, word)) {
      out = meaning;
    } else if (const auto value = whole_number(path, low, high, word)) {
      out = static_cast<Integer>(*value);
    }
  }

  template <typename Value>
  struct Choice {
    std::string_view name;
    Value value;
  };
  template <typename Value, std::size_t N>
  void choice(const std::string& path, Value& out, const Choice<Value> (&choices)[N]) {
    std::array<std::string_view, N> names;
    for (std::size_t i = 0; i < N; ++i) names[i] = choices[i].name;
    if (const auto index = index_of(path, names)) out = choices[*index].value;
  }

  void choice(const std::string& path, std::string& out, std::span<const std::string_view> names) {
    if (const auto index = index_of(path, names)) out = names[*index];
  }

  // How many tables [[path]] there are; the first one's keys are of the path "path[0]".
  std::size_t tables(const std::string& path);

  // Of texts by name. `take`: what is wrong with an entry, or nothing.
  using Take = std::function<std::string(const std::string& name, const std::string& value)>;
  void table(const std::string& path, const Take& take);
  using TakeNumber = std::function<std::string(const std::string& name, double value)>;
  void number_table(const std::string& path, const TakeNumber& take);

 private:
  struct Parsed;  // hides toml++, which is slow to compile
  explicit TomlDocument(std::unique_ptr<Parsed> parsed);
  bool is_word(const std::string& path, std::string_view word);
  std::optional<std::uint64_t> whole_number(const std::string& path, std::uint64_t low,
                                            std::uint64_t high, std::string_view word = {});
  std::optional<std::size_t> index_of(const std::string& path,
                                      std::span<const std::string_view> names);

  std::unique_ptr<Parsed> parsed_;
};

}  // namespace covey::settings
