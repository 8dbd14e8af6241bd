#include "cli/format.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/curves_svg.h"
#include "cli/table.h"
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

TEST_CASE("bytes are told in the unit that fits", "[cli]") {
  CHECK(text_of_bytes(0) == "0 B");
  CHECK(text_of_bytes(999) == "999 B");
  CHECK(text_of_bytes(1000) == "1.0 kB");
  CHECK(text_of_bytes(999'960) == "1.0 MB");
  CHECK(text_of_bytes(12'345'678) == "12.3 MB");
  CHECK(text_of_bytes(~std::uint64_t{0}) == "18446.7 PB");
}

TEST_CASE("times and numbers are told as people read them", "[cli]") {
  CHECK(text_of_milliseconds(3249) == "3.2 s");
  CHECK(text_of_milliseconds(725'000) == "12 min 5 s");
  CHECK(text_of_milliseconds(7'380'000) == "2 h 3 min");
  CHECK(text_of_milliseconds(-1) == "-");
  CHECK(text_of_time(0) == "-");
  CHECK(text_of_time(1'700'000'000'000).size() == 19);
  CHECK(text_of_number(std::nan(""), 2) == "-");
  CHECK(text_of_number(1e308, 1).size() == 311);
  CHECK(text_of_metric({{"loss", 0.5}}, "loss") == "0.5000");
  CHECK(text_of_metric({{"loss", 0.5}}, "accuracy") == "-");
  CHECK(joined({}) == "-");
  CHECK(joined({"a", "b"}) == "a, b");
}

TEST_CASE("a table is as wide as its cells, counted in letters", "[cli]") {
  Table table({{"NAME"}, {"N", Align::kRight}, {"NOTE"}});
  table.add({"größer", "1", ""});
  table.add({"a", "100", "x\ny"});
  std::ostringstream out;
  table.print(out);
  CHECK(out.str() ==
        "NAME      N  NOTE\n"
        "größer    1\n"
        "a       100  x?y\n");
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
