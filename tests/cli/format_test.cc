#include "cli/format.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/curves_svg.h"
#include "support/catch.h"

namespace covey::cli {
namespace {

coordinator::RoundRecord completed(std::uint64_t number, double accuracy, double loss) {
  coordinator::RoundRecord round;
  round.number = number;
  round.state = coordinator::RoundState::kCompleted;
  round.metrics = {{"accuracy", accuracy}, {"loss", loss}, {"train_loss", loss * 1.1}};
  return round;
}

std::size_t occurrences(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Enough of XML for what is written here: every element is closed, in order.
bool is_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != xml.npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    if (end == xml.npos) return false;
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
  }
  return open.empty();
}

}  // namespace

TEST_CASE("a metric that a round has none of is told as such", "[cli]") {
  CHECK(text_of_metric({{"loss", 0.5}}, "loss") == "0.5000");
  CHECK(text_of_metric({{"loss", 0.5}}, "accuracy") == "-");
}

TEST_CASE("a record without a value says null", "[cli]") {
  coordinator::ModelRecord model;
  model.metrics = {{"loss", std::nan("")}};
  const Json json = json_of(model);
  CHECK(json["parent"].is_null());
  CHECK(json["metrics"]["loss"].is_null());
  CHECK(json["sha256"].get<std::string>().size() == 64);
}

TEST_CASE("curves are one SVG with two panels, a title, axes and ticks", "[cli]") {
  std::vector<coordinator::RoundRecord> rounds;
  for (std::uint64_t i = 1; i <= 30; ++i) {
    const double x = static_cast<double>(i);
    rounds.push_back(completed(i, 0.97 - 0.7 * std::exp(-x / 6), 0.1 + 2.2 * std::exp(-x / 5)));
  }
  rounds[9].state = coordinator::RoundState::kAborted;
  const std::string svg = curves_svg("digits <&>", rounds);
  CHECK(is_well_formed(svg));
  CHECK(occurrences(svg, "<polyline") == 3);
  CHECK(occurrences(svg, "<circle") == 3 * 29);
  CHECK(occurrences(svg, "digits &lt;&amp;&gt;") == 2);
  CHECK(occurrences(svg, ">round<") == 2);
  CHECK(occurrences(svg, ">accuracy<") == 2);  // the axis and the legend
  CHECK(occurrences(svg, ">training loss<") == 1);
  CHECK(occurrences(svg, ">0.4<") == 1);  // a tick of accuracy
  CHECK(occurrences(svg, "nan") == 0);
}

TEST_CASE("one round, no metrics and equal values are drawn, too", "[cli]") {
  const std::vector<coordinator::RoundRecord> none;
  CHECK(is_well_formed(curves_svg("a", none)));
  for (const double value : {0.0, 1.0, 1e-9, 1e12, std::nan("")}) {
    const std::string one = curves_svg("a", {completed(1, value, value)});
    const std::string two =
        curves_svg("a", {completed(1, value, value), completed(2, value, value)});
    CHECK(is_well_formed(one));
    CHECK(is_well_formed(two));
    CHECK(occurrences(one + two, "nan") + occurrences(one + two, "inf") == 0);
  }
}

}  // namespace covey::cli
