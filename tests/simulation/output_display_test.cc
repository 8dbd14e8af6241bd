#include <nlohmann/json.hpp>
#include <sstream>

#include "covey/shell/table.h"
#include "simulation/output/display/round_display.h"
#include "simulation/output_support.h"
#include "support/catch.h"

namespace covey::simulation::testing {
namespace {

using std::chrono::milliseconds;

struct Shown {
  std::ostringstream out;
  std::ostringstream err;
  milliseconds now{0};

  RoundDisplay display(RoundDisplay::Style style, bool is_terminal) {
    return {out, err, {style, is_terminal, 100}, [this] { return now; }};
  }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void play(RoundDisplay& display, Shown& shown, std::uint64_t rounds) {
  display.announce("digits: cnn-small");
  RunInfo info = info_of_test();
  info.rounds = rounds;
  display.begin(info, "runs/digits-1", 0);
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    display.round_begun(round, 12);
    for (int i = 0; i < 12; ++i) {
      shown.now += milliseconds(100);
      display.device_trained();
    }
    display.round_ended(result_of(round));
  }
  display.end({{"ended", "all rounds"}, {"SHA-256", "abc"}});
}

}  // namespace

TEST_CASE("without a terminal there are plain lines, one a round", "[output]") {
  Shown shown;
  RoundDisplay display = shown.display(RoundDisplay::Style::kText, false);
  play(display, shown, 5);
  CHECK(shown.err.str().empty());
  const auto lines = lines_of(shown.out.str());
  CHECK(lines[0] == "digits: cnn-small");
  CHECK(has(shown.out.str(), "model:    cnn-small, 27,562 parameters\n"));
  CHECK(has(shown.out.str(), "folder:   runs/digits-1\n"));
  CHECK(has(shown.out.str(),
            "  round  test accuracy  test loss  accuracy  train loss  devices        up"
            "        time\n"
            "      1        10.00 %     2.1000   50.00 %      2.5000    10/12    1.0 MB"
            "       1.9 s\n"
            "      2              -          -   66.67 %      1.2500    10/12    1.0 MB"
            "       1.9 s\n"));
  CHECK(has(shown.out.str(), "      4  aborted: too few devices were left: 3"));
  CHECK(lines.back() == "SHA-256: abc");
  for (const char c : shown.out.str()) CHECK((c == '\n' || static_cast<unsigned char>(c) >= ' '));
}

TEST_CASE("on a terminal one line is drawn anew, and taken away before others come", "[output]") {
  Shown shown;
  RoundDisplay display = shown.display(RoundDisplay::Style::kText, true);
  play(display, shown, 3);
  CHECK_FALSE(has(shown.out.str(), "\r"));
  // The same number all the time, though round 2 was not tested.
  CHECK(has(shown.err.str(), "round 2 of 3 · test accuracy 10.00 %"));
  CHECK(has(shown.err.str(), "round 3 of 3 · test accuracy 10.00 %"));
  CHECK_FALSE(has(shown.err.str(), "· accuracy"));
  CHECK(has(shown.err.str(), "7/12 devices"));
  CHECK(has(shown.err.str(), " left"));
  CHECK(has(shown.err.str(), "updates/s"));
  CHECK(shown.err.str().ends_with("\r\033[K"));
}

TEST_CASE("the line is not drawn more often than ten times a second", "[output]") {
  Shown shown;
  RoundDisplay display = shown.display(RoundDisplay::Style::kText, true);
  display.begin(info_of_test(), "", 0);
  display.round_begun(1, 1000);
  const std::size_t before = shown.err.str().size();
  for (int i = 0; i < 99; ++i) {
    shown.now += milliseconds(1);
    display.device_trained();
  }
  CHECK(shown.err.str().size() == before);
  shown.now += milliseconds(1);
  display.device_trained();
  CHECK(has(shown.err.str(), "100/1000 devices"));
}

TEST_CASE("for programs there is an object a round and nothing else", "[output]") {
  Shown shown;
  RoundDisplay display = shown.display(RoundDisplay::Style::kJson, false);
  play(display, shown, 50);
  const auto lines = lines_of(shown.out.str());
  REQUIRE(lines.size() == 50);
  for (const std::string& line : lines) CHECK(nlohmann::json::parse(line)["round"].is_number());
  CHECK(has(shown.err.str(), "SHA-256: abc"));
  CHECK(has(shown.err.str(), "digits: cnn-small"));
}

TEST_CASE("quiet is nothing but the end", "[output]") {
  Shown shown;
  RoundDisplay display = shown.display(RoundDisplay::Style::kQuiet, true);
  play(display, shown, 5);
  CHECK(shown.out.str() == "ended:   all rounds\nSHA-256: abc\n");
  CHECK(shown.err.str().empty());
}

TEST_CASE("of many rounds some forty are printed, the aborted and the last ones too", "[output]") {
  CHECK(RoundLines::every(1) == 1);
  CHECK(RoundLines::every(40) == 1);
  CHECK(RoundLines::every(41) == 2);
  CHECK(RoundLines::every(1000) == 50);
  CHECK(RoundLines::every(5000) == 200);
  for (std::uint64_t rounds = 1; rounds < 100'000; rounds = rounds * 3 / 2 + 1) {
    CHECK(rounds / RoundLines::every(rounds) <= 40);
  }
  Shown shown;
  RoundDisplay display = shown.display(RoundDisplay::Style::kText, false);
  play(display, shown, 1003);
  const std::string text = shown.out.str();
  CHECK(has(text, "\n      4  aborted"));
  CHECK(has(text, "\n   1000  "));
  CHECK(has(text, "\n   1003  "));
  CHECK_FALSE(has(text, "\n   1001  "));
}

TEST_CASE("a line of progress fits its width, and its bar what is done", "[output]") {
  RunProgress progress{100, 50, 51, 10, 5, "accuracy 91.20 %", 41.3, milliseconds(130'000)};
  CHECK(progress.part() == Approx(0.505));
  CHECK(status_line(progress, 200) ==
        "▕██████████          ▏ round 51 of 100 · accuracy 91.20 % · 2 min 10 s left · "
        "5/10 devices · 41.3 updates/s");
  for (std::size_t width = 0; width < 120; ++width) {
    CHECK(shell::width_of(status_line(progress, width)) <= width);
  }
  CHECK(RunProgress{10, 10, 10, 10, 10, "", 0, {}}.part() == 1);
  CHECK(RunProgress{}.part() == 0);
}

}  // namespace covey::simulation::testing
