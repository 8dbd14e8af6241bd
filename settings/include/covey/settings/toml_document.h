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
  std::string_view name;               // "task.select"
  std::vector<std::string_view> keys;  // sections within it among them
};

// A TOML file with its first error: after one, nothing more is read, so that a caller reads
// straight through and asks at the end. A path is of section and key, "round.target". What is not
// in the file leaves `out` as it was; what is, but is of another kind or outside the limits, is an
// error with line and column. Not thread-safe.
class TomlDocument {
 public:
  static Result<TomlDocument> parse(std::string_view text);
  TomlDocument(TomlDocument&&) noexcept;
  ~TomlDocument();

  const std::optional<Error>& error() const;
  const std::set<std::string>& given() const;  // the paths that were asked for and are there

  // At the value of that path, or of its section, or at the file's beginning.
  void fail(const std::string& path, const std::string& message);
  // Everything in the file is a key of one of these; else with the nearest legal name.
  void check_names(std::span<const Section> sections);
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

  // Of texts by name. `take`: what is wrong with an entry, or nothing.
  using Take = std::function<std::string(const std::string& name, const std::string& value)>;
  void table(const std::string& path, const Take& take);

 private:
  struct Parsed;  // hides toml++, which is slow to compile
  explicit TomlDocument(std::unique_ptr<Parsed> parsed);
  std::optional<std::uint64_t> whole_number(const std::string& path, std::uint64_t low,
                                            std::uint64_t high);
  std::optional<std::size_t> index_of(const std::string& path,
                                      std::span<const std::string_view> names);

  std::unique_ptr<Parsed> parsed_;
};

}  // namespace covey::settings
