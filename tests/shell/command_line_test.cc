#include "covey/shell/command_line.h"

#include "support/catch.h"

namespace covey::shell {
namespace {

const Usage kUsage = {"prog run",
                      "FILE [MORE]",
                      {{"set", "KEY=VALUE", "sets it", true},
                       {"rounds", "N", "how many"},
                       {"quiet", "", "say nothing"},
                       {"format", "FORMAT", "text or json"},
                       {"help", "", "print this"}}};

std::string message_of(const std::vector<std::string>& line) {
  const auto parsed = parse(kUsage, line);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == ErrorCode::kInvalidArgument);
  return parsed.error().message;
}

}  // namespace

TEST_CASE("an option that may be repeated keeps its values whole and in order", "[shell]") {
  const std::vector<std::string> line = {"a.toml",  "--set",       "x=1,2",
                                         "--quiet", "--set=y=a b", "--rounds=7"};
  const auto parsed = parse(kUsage, line);
  REQUIRE(parsed.has_value());
  CHECK(parsed->values("set") == std::vector<std::string>{"x=1,2", "y=a b"});
  CHECK(parsed->words == std::vector<std::string>{"a.toml"});
  CHECK(parsed->has("quiet"));
  CHECK(*parsed->number("rounds", 3, 1, 10) == 7);
  CHECK(*parsed->number("other", 3, 1, 10) == 3);
}

TEST_CASE("what is wrong with a command line is said", "[shell]") {
  CHECK(message_of({"a", "--rouns", "3"}).find("did you mean 'rounds'?") != std::string::npos);
  CHECK(message_of({"a", "--rounds", "1", "--rounds", "2"}) == "--rounds is given twice");
  CHECK(message_of({"a", "--rounds"}) == "--rounds needs a value: --rounds N");
  CHECK(message_of({"a", "--quiet=yes"}) == "--quiet takes no value");
  CHECK(message_of({}) == "something is missing: prog run FILE [MORE]");
  CHECK(message_of({"a", "b", "c"}) == "unexpected 'c': prog run FILE [MORE]");
  CHECK(message_of({"a", "--format", "xml"}) == "--format is text or json, not 'xml'");
  const std::vector<std::string> too_many = {"a", "--rounds", "11"};
  CHECK_FALSE(parse(kUsage, too_many)->number("rounds", 3, 1, 10).has_value());
}

TEST_CASE("help is given whatever else is missing, and words may begin with dashes", "[shell]") {
  CHECK(parse(kUsage, std::vector<std::string>{"--help"})->has("help"));
  CHECK(parse(kUsage, std::vector<std::string>{"--", "--quiet"})->words ==
        std::vector<std::string>{"--quiet"});
}

}  // namespace covey::shell
