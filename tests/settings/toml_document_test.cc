#include "covey/settings/toml_document.h"

#include <array>
#include <map>

#include "support/catch.h"

namespace covey::settings {
namespace {

using namespace std::chrono_literals;

const std::array<Section, 1> kTrain = {{{"train", {"rate", "batch", "name", "drop_at"}}}};

TomlDocument parsed(const std::string& text) { return TomlDocument::parse(text).value(); }

std::string error_of(const TomlDocument& document) {
  REQUIRE(document.error().has_value());
  return document.error()->message;
}

double rate_of(TomlDocument& document) {
  double rate = 0;
  document.number("train.rate", rate, 0, 1);
  return rate;
}

}  // namespace

TEST_CASE("a value that is set takes the place of the file's", "[settings]") {
  TomlDocument document = parsed("[train]\nrate = 0.1\nbatch = 3\n");
  REQUIRE(document.set("train.rate", "0.5").has_value());
  CHECK(rate_of(document) == 0.5);
  int batch = 0;
  document.whole("train.batch", batch, 1, 10);
  CHECK(batch == 3);
  CHECK_FALSE(document.error().has_value());
}

TEST_CASE("what is set need not be in the file, nor its section", "[settings]") {
  TomlDocument document = parsed("");
  REQUIRE(document.set("train.rate", "1").has_value());
  REQUIRE(document.set("train.drop_at.mask", "0.25").has_value());
  REQUIRE(document.set("train.name", "[\"a\", \"b\"]").has_value());
  CHECK(rate_of(document) == 1);
  std::map<std::string, double> table;
  document.number_table("train.drop_at", [&](const std::string& name, double value) {
    table[name] = value;
    return std::string();
  });
  CHECK(table == std::map<std::string, double>{{"mask", 0.25}});
  std::vector<std::string> names;
  document.texts("train.name", names, 3);
  CHECK(names == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(document.error().has_value());
  CHECK(document.given().contains("train.rate"));
}

TEST_CASE("what is set and is no TOML is a text", "[settings]") {
  for (const char* bare :
       {"adam", "10m", "a b", "x = 3", "3\nrate = 4", "two words # no comment"}) {
    TomlDocument document = parsed("[train]\n");
    REQUIRE(document.set("train.name", bare).has_value());
    std::string name;
    document.text("train.name", name);
    CHECK(name == bare);
    CHECK_FALSE(document.error().has_value());
  }
  TomlDocument quoted = parsed("");
  REQUIRE(quoted.set("train.name", "\"10\"").has_value());
  std::string name;
  quoted.text("train.name", name);
  CHECK(name == "10");
}

TEST_CASE("an error of what is set says so, and others keep their line", "[settings]") {
  TomlDocument document = parsed("[train]\nrate = 0.1\n");
  REQUIRE(document.set("train.rate", "2").has_value());
  rate_of(document);
  CHECK(error_of(document) == "set by --set: train.rate is 0 to 1, not 2");

  TomlDocument names = parsed("[train]\nbatch = 1\n");
  REQUIRE(names.set("train.rat", "2").has_value());
  names.check_names(kTrain);
  CHECK(error_of(names) == "set by --set: the key 'train.rat' is not known; did you mean 'rate'?");

  TomlDocument sections = parsed("");
  REQUIRE(sections.set("tran.rate", "2").has_value());
  sections.check_names(kTrain);
  CHECK(error_of(sections) ==
        "set by --set: the section 'tran' is not known; did you mean 'train'?");

  TomlDocument file = parsed("[train]\nbatch = 0\n");
  REQUIRE(file.set("train.rate", "0.5").has_value());
  int batch = 0;
  file.whole("train.batch", batch, 1, 10);
  CHECK(error_of(file) == "2:9: train.batch is 1 to 10, not 0");
}

TEST_CASE("only a key of a section can be set", "[settings]") {
  for (const char* path : {"", "rate", ".rate", "train.", "train..rate", "."}) {
    TomlDocument document = parsed("[train]\nrate = 0.1\n");
    const Status set = document.set(path, "1");
    REQUIRE_FALSE(set.has_value());
    CHECK(set.error().code == ErrorCode::kInvalidArgument);
    CHECK(set.error().message.starts_with(kPlaceOfSet));
    CHECK(rate_of(document) == 0.1);
  }
  TomlDocument document = parsed("[train]\nrate = 0.1\n");
  CHECK(document.set("train.rate.low", "1").error().message.find("'rate' is a value") !=
        std::string::npos);
}

TEST_CASE("a document written out reads as the same one", "[settings]") {
  TomlDocument document = parsed(
      "[train]\nrate = 0.1 # of the devices\nname = \"a \\\"b\\\"\"\ndrop_at = { mask = 1e-7 }\n");
  REQUIRE(document.set("train.batch", "12").has_value());
  REQUIRE(document.set("other.text", "7 apples").has_value());
  CHECK(document.to_text().find("rate = 0.1\n") != std::string::npos);
  CHECK(document.to_text().find("text = \"7 apples\"\n") != std::string::npos);
  TomlDocument again = parsed(document.to_text());
  CHECK(again.to_text() == document.to_text());
  CHECK(rate_of(again) == 0.1);
  int batch = 0;
  again.whole("train.batch", batch, 1, 100);
  CHECK(batch == 12);
  std::string text;
  again.text("other.text", text);
  CHECK(text == "7 apples");
  again.text("train.name", text);
  CHECK(text == "a \"b\"");
  double mask = 0;
  again.number("train.drop_at.mask", mask, 0, 1);
  CHECK(mask == 1e-7);
  CHECK_FALSE(again.error().has_value());
}

TEST_CASE("sections of another reader are left alone, and can be checked by it", "[settings]") {
  const std::array<std::string_view, 1> others = {"data"};
  const std::array<Section, 1> data = {{{"data", {"devices"}}}};
  TomlDocument document = parsed("[train]\nrate = 1\n[data]\ndevice = 3\n");
  document.check_names(kTrain, others);
  CHECK_FALSE(document.error().has_value());
  document.check_keys(data);
  CHECK(error_of(document) == "4:1: the key 'data.device' is not known; did you mean 'devices'?");
  TomlDocument unknown = parsed("[dat]\n");
  unknown.check_names(kTrain, others);
  CHECK(error_of(unknown).find("did you mean 'data'?") != std::string::npos);
}

TEST_CASE("a word may stand for a number", "[settings]") {
  const auto batch_of = [](const std::string& value, std::string* error = nullptr) {
    TomlDocument document = parsed("[train]\nbatch = " + value + "\n");
    unsigned batch = 0;
    document.whole_or("train.batch", batch, 1, 100, "all", 1000u);
    if (document.error() && error != nullptr) *error = document.error()->message;
    return batch;
  };
  CHECK(batch_of("7") == 7);
  CHECK(batch_of("\"all\"") == 1000);
  std::string error;
  CHECK(batch_of("101", &error) == 0);
  CHECK(error == "2:9: train.batch is 1 to 100, not 101");
  CHECK(batch_of("\"al\"", &error) == 0);
  CHECK(error == "2:9: train.batch is a whole number, or \"all\", not a text");
}

TEST_CASE("a table of numbers has numbers only, and a list of choices is checked", "[settings]") {
  const auto take_all = [](const std::string&, double) { return std::string(); };
  TomlDocument texts = parsed("[train]\ndrop_at = { mask = \"0.1\" }\n");
  texts.number_table("train.drop_at", take_all);
  CHECK(error_of(texts) == "2:20: train.drop_at: its values are numbers");
  TomlDocument list = parsed("[train]\ndrop_at = [1]\n");
  list.number_table("train.drop_at", take_all);
  CHECK(error_of(list) == "2:11: train.drop_at is a table, { \"…\" = … }, not a list");

  const std::array<std::string_view, 2> names = {"iid", "shards"};
  TomlDocument choice = parsed("[train]\nname = \"shard\"\n");
  std::string name = "iid";
  choice.choice("train.name", name, names);
  CHECK(name == "iid");
  CHECK(error_of(choice) == "2:8: train.name is one of 'iid', 'shards'; did you mean 'shards'?");
}

}  // namespace covey::settings
