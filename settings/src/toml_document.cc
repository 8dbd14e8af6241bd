#include "covey/settings/toml_document.h"

// Only settings/src sees toml++: without exceptions.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "covey/settings/duration.h"
#include "covey/settings/nearest_name.h"

namespace covey::settings {
namespace {

using std::chrono::milliseconds;

std::string text_of_number(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

// "'sgd', 'adam'"
std::string listed(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    out += (out.empty() ? "'" : ", '") + std::string(name) + "'";
  }
  return out;
}

std::string kind_of(const toml::node& node) {
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  if (node.is_string()) return "a text";
  if (node.is_integer()) return "a whole number";
  if (node.is_floating_point()) return "a number";
  return node.is_boolean() ? "true or false" : "a date or time";
}

// What `set` put there has no line.
Error error_at(const toml::source_position& at, const std::string& message) {
  if (at.line == 0) return invalid_argument(std::string(kPlaceOfSet) + ": " + message);
  return invalid_argument(std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
                          message);
}

// No text for a number, or the other way round.
template <typename Value>
std::optional<Value> value_of(const toml::node& node) {
  if (std::is_same_v<Value, double> && !node.is_number()) return std::nullopt;
  if (std::is_same_v<Value, std::string> && !node.is_string()) return std::nullopt;
  return node.value<Value>();
}

Error not_a_path(const std::string& path) {
  return invalid_argument(std::string(kPlaceOfSet) +
                          ": a section and a key, such as train.learning_rate, not '" + path + "'");
}

}  // namespace

struct TomlDocument::Parsed {
  toml::table root;
  std::optional<Error> error;
  std::set<std::string> given;

  void fail(const toml::source_position& at, const std::string& message) {
    if (!error) error = error_at(at, message);
  }

  // Nothing after an error.
  const toml::node* find(const std::string& path) {
    if (error) return nullptr;
    const toml::node* node = root.at_path(path).node();
    if (node != nullptr) given.insert(path);
    return node;
  }

  void wrong_kind(const std::string& path, const std::string& expected, const toml::node& node) {
    fail(node.source().begin, path + " is " + expected + ", not " + kind_of(node));
  }

  void check_names(const toml::table& table, const std::string& what, const std::string& prefix,
                   std::span<const std::string_view> names) {
    for (const auto& [key, value] : table) {
      if (std::ranges::find(names, key.str()) != names.end()) continue;
      const std::string nearest = did_you_mean(key.str(), names);
      fail(key.source().begin, what + " '" + prefix + std::string(key.str()) + "' is not known" +
                                   (nearest.empty() ? "; legal: " + listed(names) : nearest));
    }
  }

  template <typename Value, typename Take>
  void read_table(const std::string& path, const std::string& example, const std::string& kind,
                  const Take& take) {
    const toml::node* node = find(path);
    if (node == nullptr) return;
    const toml::table* entries = node->as_table();
    if (entries == nullptr) {
      return wrong_kind(path, "a table, { \"…\" = " + example + " }", *node);
    }
    for (const auto& [key, entry] : *entries) {
      const std::optional<Value> value = value_of<Value>(entry);
      const std::string wrong =
          value ? take(std::string(key.str()), *value) : "its values are " + kind;
      if (!wrong.empty()) return fail(entry.source().begin, path + ": " + wrong);
    }
  }
};

TomlDocument::TomlDocument(std::unique_ptr<Parsed> parsed) : parsed_(std::move(parsed)) {}
TomlDocument::TomlDocument(TomlDocument&&) noexcept = default;
TomlDocument::~TomlDocument() = default;

Result<TomlDocument> TomlDocument::parse(std::string_view text) {
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return error_at(parsed.error().source().begin,
                    "not TOML: " + std::string(parsed.error().description()));
  }
  return TomlDocument(
      std::make_unique<Parsed>(Parsed{std::move(parsed).table(), std::nullopt, {}}));
}

Status TomlDocument::set(const std::string& path, const std::string& value) {
  const std::size_t dot = path.rfind('.');
  toml::table* section = &parsed_->root;
  for (std::size_t begin = 0; dot != path.npos && begin <= dot;) {
    const std::size_t end = path.find('.', begin);
    const std::string name = path.substr(begin, end - begin);
    if (name.empty()) return not_a_path(path);
    section = section->insert(name, toml::table()).first->second.as_table();
    if (section == nullptr) {
      return invalid_argument(std::string(kPlaceOfSet) + ": " + path + ": '" + name +
                              "' is a value, not a section");
    }
    begin = end + 1;
  }
  if (dot == path.npos || dot + 1 == path.size()) return not_a_path(path);
  const std::string key = path.substr(dot + 1);
  toml::parse_result parsed = toml::parse("x = " + value);
  // Copied, since a copy forgets where it was. More than one value: somebody's text.
  if (parsed && parsed.table().size() == 1) {
    const toml::node& node = *parsed.table().get("x");
    node.visit([&](const auto& held) { section->insert_or_assign(key, held); });
  } else {
    section->insert_or_assign(key, value);
  }
  return {};
}

std::string TomlDocument::to_text() const {
  std::ostringstream text;
  using toml::format_flags;
  text << toml::toml_formatter(parsed_->root, toml::toml_formatter::default_flags &
                                                  ~format_flags::allow_literal_strings)
       << '\n';
  return text.str();
}

const std::optional<Error>& TomlDocument::error() const { return parsed_->error; }
const std::set<std::string>& TomlDocument::given() const { return parsed_->given; }

void TomlDocument::fail(const std::string& path, const std::string& message) {
  const toml::node* node = parsed_->root.at_path(path).node();
  const std::size_t dot = path.rfind('.');
  if (node == nullptr && dot != path.npos) {
    node = parsed_->root.at_path(path.substr(0, dot)).node();
  }
  parsed_->fail(node != nullptr ? node->source().begin : toml::source_position{1, 1}, message);
}

void TomlDocument::check_names(std::span<const Section> sections,
                               std::span<const std::string_view> unread) {
  std::vector<std::string_view> top(unread.begin(), unread.end());
  for (const Section& section : sections) {
    if (section.name.find('.') == section.name.npos) top.push_back(section.name);
  }
  parsed_->check_names(parsed_->root, "the section", "", top);
  check_keys(sections);
}

void TomlDocument::check_keys(std::span<const Section> sections) {
  for (const Section& section : sections) {
    const toml::node* node = parsed_->root.at_path(section.name).node();
    if (node == nullptr) continue;
    const std::string name(section.name);
    if (node->is_table()) {
      parsed_->check_names(*node->as_table(), "the key", name + ".", section.keys);
    } else {
      fail(name, name + " is a section, [" + name + "], not " + kind_of(*node));
    }
  }
}

std::size_t TomlDocument::tables(const std::string& path) {
  const toml::node* node = parsed_->find(path);
  if (node == nullptr) return 0;
  const toml::array* array = node->as_array();
  if (array != nullptr && !array->empty() && array->is_homogeneous(toml::node_type::table)) {
    return array->size();
  }
  parsed_->wrong_kind(path, "tables, each headed [[" + path + "]]", *node);
  return 0;
}

void TomlDocument::require(const std::string& path, const char* example) {
  if (!parsed_->given.contains(path)) fail(path, path + " is missing: say it as " + example);
}

void TomlDocument::text(const std::string& path, std::string& out, std::size_t most_bytes) {
  const toml::node* node = parsed_->find(path);
  if (node == nullptr) return;
  const auto value = node->value_exact<std::string>();
  if (!value) return parsed_->wrong_kind(path, "a text in quotes", *node);
  if (value->empty() || value->size() > most_bytes) {
    return fail(path, path + " has 1 to " + std::to_string(most_bytes) + " bytes, not " +
                          std::to_string(value->size()));
  }
  out = *value;
}

void TomlDocument::texts(const std::string& path, std::vector<std::string>& out, std::size_t most) {
  const toml::node* node = parsed_->find(path);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) return parsed_->wrong_kind(path, "a list of texts, [\"…\"]", *node);
  if (array->size() > most) {
    return fail(path, path + " has at most " + std::to_string(most) + " entries, not " +
                          std::to_string(array->size()));
  }
  std::vector<std::string> read;
  for (const toml::node& entry : *array) {
    const auto value = entry.value_exact<std::string>();
    if (!value || value->empty()) {
      return parsed_->fail(entry.source().begin, path + " is a list of texts, none of them empty");
    }
    read.push_back(*value);
  }
  out = std::move(read);
}

void TomlDocument::yes_or_no(const std::string& path, bool& out) {
  const toml::node* node = parsed_->find(path);
  if (node == nullptr) return;
  const auto value = node->value_exact<bool>();
  if (!value) return parsed_->wrong_kind(path, "true or false", *node);
  out = *value;
}

void TomlDocument::duration(const std::string& path, milliseconds& out, milliseconds low,
                            milliseconds high) {
  const toml::node* node = parsed_->find(path);
  if (node == nullptr) return;
  const auto text = node->value_exact<std::string>();
  const auto value = text ? parse_duration(*text) : std::nullopt;
  if (!value) {
    return fail(path, path +
                          " is a time with its unit (ms, s, m, h, d) in quotes, such as \"10m\", "
                          "not " +
                          (text ? "another text" : kind_of(*node)));
  }
  if (*value < low || *value > high) {
    return fail(path, path + " is " + text_of_duration(low) + " to " + text_of_duration(high) +
                          ", not " + text_of_duration(*value));
  }
  out = *value;
}

void TomlDocument::number(const std::string& path, double& out, double low, double high,
                          Ends ends) {
  const toml::node* node = parsed_->find(path);
  if (node == nullptr) return;
  if (!node->is_number()) return parsed_->wrong_kind(path, "a number", *node);
  const double value = node->value<double>().value_or(low);
  const bool is_both = ends == Ends::kBoth;
  const bool is_within = value >= low && (is_both ? value <= high : value < high);  // no NaN is
  if (!is_within) {
    return fail(path, path + " is " + text_of_number(low) + (is_both ? " to " : " to below ") +
                          text_of_number(high) + ", not " + text_of_number(value));
  }
  out = value;
}

bool TomlDocument::is_word(const std::string& path, std::string_view word) {
  const toml::node* node = parsed_->find(path);
  return node != nullptr && node->value_exact<std::string>() == word;
}

std::optional<std::uint64_t> TomlDocument::whole_number(const std::string& path, std::uint64_t low,
                                                        std::uint64_t high, std::string_view word) {
  const toml::node* node = parsed_->find(path);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<std::int64_t>();
  if (!value) {
    const std::string or_word = word.empty() ? "" : ", or \"" + std::string(word) + "\"";
    parsed_->wrong_kind(path, "a whole number" + or_word, *node);
    return std::nullopt;
  }
  if (*value >= 0 && static_cast<std::uint64_t>(*value) >= low &&
      static_cast<std::uint64_t>(*value) <= high) {
    return static_cast<std::uint64_t>(*value);
  }
  fail(path, path + " is " + std::to_string(low) + " to " + std::to_string(high) + ", not " +
                 std::to_string(*value));
  return std::nullopt;
}

std::optional<std::size_t> TomlDocument::index_of(const std::string& path,
                                                  std::span<const std::string_view> names) {
  std::string name;
  text(path, name);
  if (name.empty()) return std::nullopt;
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  fail(path, path + " is one of " + listed(names) + did_you_mean(name, names));
  return std::nullopt;
}

void TomlDocument::table(const std::string& path, const Take& take) {
  parsed_->read_table<std::string>(path, "\"…\"", "texts in quotes", take);
}

void TomlDocument::number_table(const std::string& path, const TakeNumber& take) {
  parsed_->read_table<double>(path, "…", "numbers", take);
}

}  // namespace covey::settings
