#include "covey/datasets/text.h"

#include <algorithm>
#include <set>

#include "covey/datasets/federated_dataset.h"
#include "datasets/idx_writer.h"
#include "support/catch.h"

namespace covey::datasets {
namespace {

using testing::TemporaryFolder;

DataSettings text_settings(const TemporaryFolder& folder, const std::string& text) {
  testing::write_gzipped(folder.path() / "input.txt.gz", view_of(text));
  DataSettings settings;
  settings.dataset = "text";
  settings.path = folder.path().string();
  settings.devices = 0;
  settings.window = 4;
  return settings;
}

std::string decoded(std::span<const float> features) {
  std::string text;
  for (const float feature : features) {
    text += feature == 0 ? '?' : kTextVocabulary[static_cast<std::size_t>(feature) - 1];
  }
  return text;
}

}  // namespace

TEST_CASE("characters have indices of their own, and all others share one", "[datasets]") {
  std::set<std::int64_t> seen;
  for (const char c : kTextVocabulary) seen.insert(character_index(c));
  CHECK(seen.size() == kTextVocabulary.size());
  CHECK(*seen.begin() == 1);
  CHECK(*seen.rbegin() == kTextClasses - 1);
  CHECK(character_index('\n') == 1);
  for (const char c : {'~', '\t', '\0', '\xe9'}) CHECK(character_index(c) == 0);
}

TEST_CASE("speeches become windows by speaker, each with the character after each", "[datasets]") {
  const TemporaryFolder folder;
  const auto dataset = open_dataset(
      text_settings(folder, "B:\nabcdefgh\nwhat now:\nx\n\nA:\nhello\n\nB:\nlast~\n\nC:\nno\n"),
      "");
  REQUIRE(dataset.has_value());
  REQUIRE((*dataset)->devices() == 2);  // C says too little
  CHECK((*dataset)->outputs() == 90);
  CHECK((*dataset)->device_name(0) == "speaker A");
  const Rows a = (*dataset)->device(0)->train;
  const Examples& table = *a.table;
  CHECK(table.labels_per_example == 4);
  CHECK(table.size() == 7);
  CHECK(decoded(table.features) == "hellabcdefgh\nwhat now:\nx\nlas");
  CHECK(a.rows == std::vector<std::int64_t>{0});
  const std::string speech = "abcdefgh\nwhat now:\nx\nlast?\n";
  const std::vector<float> labels(table.labels.begin() + 4, table.labels.end());
  CHECK(decoded(labels) == speech.substr(1, 24));
}

TEST_CASE("the last of what a speaker says is tested on, what is before it is held out",
          "[datasets]") {
  const TemporaryFolder folder;
  std::string text;
  for (const char speaker : {'X', 'Y'}) {
    text += std::string(1, speaker) + ":\n";
    for (int i = 0; i < 20; ++i) text += std::string(3, static_cast<char>('a' + i)) + "\n";
    text += "\n";
  }
  DataSettings settings = text_settings(folder, text);
  settings.held_out = 0.5;
  settings.devices = 1;
  const auto dataset = open_dataset(settings, "").value();
  const auto letters = [](const Rows& rows) {
    const std::string characters = decoded(rows.copied().features);
    std::string letters;
    for (std::size_t i = 0; i < characters.size(); i += 4) letters += characters[i];
    return letters;
  };
  // 80 characters: 19 windows that something follows, of which 1 is the test set's.
  CHECK(letters(dataset->test()) == "ss");
  const DeviceData data = dataset->device(0).value();
  CHECK(letters(data.train) == "abcdefghiabcdefghi");
  CHECK(letters(data.held_out) == "jklmnopqrjklmnopqr");
}

TEST_CASE("text without speakers is refused", "[datasets]") {
  const TemporaryFolder folder;
  const auto dataset = open_dataset(text_settings(folder, "once upon a time\n"), "");
  REQUIRE_FALSE(dataset.has_value());
  CHECK(dataset.error().message.find("'SPEAKER:'") != std::string::npos);
  auto settings = text_settings(folder, "A:\nhello there\n");
  settings.partition = "shards";
  CHECK_FALSE(open_dataset(settings, "").has_value());
  settings.partition = "iid";
  settings.devices = 2;
  CHECK(open_dataset(settings, "").has_value());
}

}  // namespace covey::datasets
