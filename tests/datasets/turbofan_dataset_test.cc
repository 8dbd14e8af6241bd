#include <filesystem>
#include <map>

#include "covey/datasets/federated_dataset.h"
#include "datasets/idx_writer.h"
#include "support/catch.h"

namespace covey::datasets {
namespace {

using testing::TemporaryFolder;

// A cycle of an engine, whose sensor 2 has `heat` and sensor 21 the top of its range.
std::string line(int engine, int cycle, double heat) {
  std::string text = std::to_string(engine) + " " + std::to_string(cycle);
  for (int column = 3; column <= 26; ++column) {
    text += column == 7 ? " " + std::to_string(heat) : column == 26 ? " 23.6184" : " 0";
  }
  return text + "  \n";
}

struct Turbofan {
  TemporaryFolder folder;
  DataSettings settings;

  Turbofan() {
    settings.dataset = "turbofan";
    settings.path = folder.path().string();
    settings.devices = 0;
    settings.window = 3;
    write("train_FD001.txt", engine(1, 130) + engine(2, 2));
    write("test_FD001.txt", engine(1, 5) + engine(2, 1));
    write("RUL_FD001.txt", "25 \n300\n");
  }
  static std::string engine(int number, int cycles) {
    std::string text;
    for (int cycle = 1; cycle <= cycles; ++cycle) text += line(number, cycle, 641.21 + cycle);
    return text;
  }
  void write(const std::string& name, const std::string& text) {
    std::filesystem::remove(folder.path() / name);
    testing::write_gzipped(folder.path() / (name + ".gz"), view_of(text));
  }
  auto open() { return open_dataset(settings, ""); }
};

}  // namespace

TEST_CASE("an engine's cycles become windows, with the life that is left after each",
          "[datasets]") {
  Turbofan files;
  const auto dataset = files.open().value();
  CHECK(dataset->description() == "turbofan FD001, 2 devices, one engine each");
  CHECK(dataset->shape() == std::vector<std::uint64_t>{3, 14});
  CHECK_FALSE(dataset->is_classification());
  CHECK(dataset->device_name(1) == "engine 2");
  CHECK(dataset->examples_of(0) == 128);
  CHECK(dataset->examples_of(1) == 1);  // fewer cycles than a window: one that stands still first

  const Examples& train = *dataset->device(0)->train.table;
  CHECK(train.targets[0] == 1);  // 127 cycles, capped at 125
  CHECK(train.targets[2] == 1);
  CHECK(train.targets[3] == 124.0f / 125);
  CHECK(train.targets[127] == 0);
  constexpr double kSpan = 644.53 - 641.21;
  for (const std::size_t window : {std::size_t{0}, std::size_t{50}}) {
    for (std::size_t i = 0; i < 3; ++i) {
      const std::size_t at = (window * 3 + i) * 14;
      CHECK(train.features[at] == Approx(static_cast<double>(window + i + 1) / kSpan));
      CHECK(train.features[at + 13] == 1);
    }
  }
  const std::size_t last = 128 * 3 * 14;
  CHECK(train.features[last] == train.features[last + 14]);
  CHECK(train.features[last + 28] == Approx(2 / kSpan));
}

TEST_CASE("a test engine is its last window and the life that the file says", "[datasets]") {
  Turbofan files;
  const auto dataset = files.open().value();
  REQUIRE(dataset->test().size() == 2);
  const Examples& test = *dataset->test().table;
  CHECK(test.targets == std::vector<float>{0.2f, 1});
  CHECK(test.features[2 * 14] == Approx(5 / (644.53 - 641.21)));
  CHECK(test.features[3 * 14] == test.features[5 * 14]);
}

TEST_CASE("turbofan files that are not what they should be are refused with the line",
          "[datasets]") {
  const auto check = [](const std::string& name, const std::string& text, const std::string& why) {
    Turbofan files;
    files.write(name, text);
    const auto dataset = files.open();
    REQUIRE_FALSE(dataset.has_value());
    INFO(dataset.error().message);
    CHECK(dataset.error().message.find(why) != std::string::npos);
  };
  check("train_FD001.txt", line(1, 1, 0) + line(1, 3, 0), "line 2: expected engine 1, cycle 2");
  check("train_FD001.txt", line(1, 1, 0) + line(3, 1, 0), "line 2: expected engine 2, cycle 1");
  check("train_FD001.txt", "1 1 0\n", "line 1: expected 26 numbers, found 3");
  check("train_FD001.txt", line(1, 1, 0) + "1 two\n", "line 2: a word is no number");
  check("train_FD001.txt", line(1, 1, 0) + line(1, 2, 1e40), "line 2: expected sensor values that");
  check("train_FD001.txt", "", "found none");
  check("RUL_FD001.txt", "25\n", "expected 2 lines, one for each test engine, found 1");
  check("RUL_FD001.txt", "25\n-1\n", "line 2: expected a remaining life");
}

}  // namespace covey::datasets
