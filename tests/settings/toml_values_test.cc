#include "covey/settings/toml_values.h"

#include "support/catch.h"

namespace covey::settings {

TEST_CASE("every value of a file is told by its path, as TOML writes it", "[settings]") {
  const auto values = toml_values(R"(
top = 1
[train]
learning_rate = 0.05   # a comment
names = ["a", 'b']
[task.select]
text = "x"
yes = true
)");
  REQUIRE(values.has_value());
  CHECK(*values == std::map<std::string, std::string>{{"top", "1"},
                                                      {"train.learning_rate", "0.05"},
                                                      {"train.names", "[ 'a', 'b' ]"},
                                                      {"task.select.text", "'x'"},
                                                      {"task.select.yes", "true"}});
}

TEST_CASE("what is no TOML is told with its place", "[settings]") {
  const auto values = toml_values("[a]\nb =\n");
  REQUIRE_FALSE(values.has_value());
  CHECK(values.error().message.starts_with("2:"));
}

}  // namespace covey::settings
