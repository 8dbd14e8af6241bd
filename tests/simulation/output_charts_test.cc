#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "simulation/output/charts/chart.h"
#include "simulation/output/charts/heat_map.h"
#include "simulation/output/charts/markup.h"
#include "simulation/output_support.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::simulation::testing {
namespace {

std::vector<Point> noise(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<Point> points;
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back({static_cast<double>(i), static_cast<double>(random() % 100'000)});
  }
  return points;
}

nlohmann::json data_of(const std::string& html) {
  const std::string open = "<script type=\"application/json\">";
  const std::size_t begin = html.find(open) + open.size();
  return nlohmann::json::parse(html.substr(begin, html.find("</script>", begin) - begin));
}

}  // namespace

TEST_CASE("what comes from names cannot leave its place in a page", "[output]") {
  CHECK(escaped("<b>&\"'") == "&lt;b&gt;&amp;&quot;&#39;");
  CHECK(escaped("a\nb\x1b[1m") == "a?b?[1m");
  CHECK_FALSE(has(json_text("</script><script>"), "<"));
  CHECK(nlohmann::json::parse(json_text("</script>\"\\")) == "</script>\"\\");
  CHECK(nlohmann::json::parse(json_text("\xff")).is_string());
}

TEST_CASE("coordinates are short, and never no number", "[output]") {
  CHECK(coordinate(0.04) == "0");
  CHECK(coordinate(-0.04) == "0");
  CHECK(coordinate(12.34) == "12.3");
  CHECK(coordinate(1000) == "1000");
  CHECK(coordinate(std::nan("")) == "0");
}

TEST_CASE("a thinned curve has its ends, its lowest and its highest point, in order", "[output]") {
  covey::testing::for_each_seed(50, [](std::uint64_t seed) {
    const std::vector<Point> all = noise(seed, 100 + seed * 37);
    for (const std::size_t most : {4, 5, 40, 99, 400}) {
      const std::vector<Point> some = thinned(all, most);
      CHECK(some.size() <= std::max(most, std::min<std::size_t>(all.size(), most)));
      CHECK(some.front() == all.front());
      CHECK(some.back() == all.back());
      CHECK(std::ranges::is_sorted(some, std::less_equal<>(), &Point::x));
      for (const Point& point : some) CHECK(std::ranges::count(all, point) == 1);
      const auto by_y = [](const Point& a, const Point& b) { return a.y < b.y; };
      const auto [low, high] = std::ranges::minmax_element(all, by_y);
      CHECK(std::ranges::min_element(some, by_y)->y == low->y);
      CHECK(std::ranges::max_element(some, by_y)->y == high->y);
    }
  });
  CHECK(thinned({}, 10).empty());
  CHECK(thinned(noise(1, 10), 10).size() == 10);
}

TEST_CASE("the value at a place is the last one that is not beyond it", "[output]") {
  const std::vector<Point> points = {{1, 10}, {5, 50}, {9, 90}};
  CHECK(last_until(points, 0.5) == nullptr);
  CHECK(last_until(points, 1)->y == 10);
  CHECK(last_until(points, 8.9)->y == 50);
  CHECK(last_until(points, 100)->y == 90);
}

TEST_CASE("units fit the largest value", "[output]") {
  CHECK(Unit::bytes(999).text_of(999) == "999 B");
  CHECK(Unit::bytes(79.26e6).text_of(79.26e6) == "79.26 MB");
  CHECK(Unit::seconds(0.5).text_of(0.25) == "250 ms");
  CHECK(Unit::seconds(3).text_of(1.5) == "1.50 s");
  CHECK(Unit::seconds(300).text_of(90) == "1.50 min");
  CHECK(Unit::percent().text_of(0.9731) == "97.31 %");
}

TEST_CASE("a chart of lines has its curves, ticks and what the pointer reads", "[output]") {
  LineChart chart;
  chart.title = "Accuracy <1>";
  chart.unit = Unit::percent();
  chart.curves = {{"test", {{1, 0.1}, {3, 0.9}}}, {"none", {}}, {"devices", {{2, 0.5}}}};
  chart.target = 0.95;
  const std::string html = html_of(chart);
  CHECK(is_well_formed(html));
  CHECK(has(html, "Accuracy &lt;1&gt;"));
  CHECK(occurrences(html, "class=\"line ") == 2);
  CHECK(has(html, "class=\"target\""));
  CHECK(has(html, ">100 %<"));
  CHECK(has(html, ">0 %<"));
  CHECK_FALSE(has(html, ">none<"));
  CHECK(data_of(html)["s"].dump() == R"([["test",1],["devices",2]])");
  // From the left edge, where round 1 is, to the right one; 10 % is a tenth above the bottom.
  CHECK(has(html, "d=\"M0 900L1000 100\""));
  const auto data = data_of(html);
  CHECK(data["s"].size() == 2);
  REQUIRE(data["p"].size() == 3);
  CHECK(data["p"][0] == nlohmann::json({0, "round 1", "10.00 %", ""}));
  CHECK(data["p"][1] == nlohmann::json({500, "round 2", "10.00 % (round 1)", "50.00 %"}));
}

TEST_CASE("charts of nothing, of one point and of equal values are drawn or left out", "[output]") {
  CHECK(html_of(LineChart{}).empty());
  CHECK(html_of(StackedChart{}).empty());
  CHECK(html_of(HeatMap{}).empty());
  for (const double value : {0.0, 1.0, -3.0, 1e-12, 1e15}) {
    LineChart chart;
    chart.curves = {{"a", {{1, value}}}};
    CHECK(is_well_formed(html_of(chart)));
    chart.curves[0].points.push_back({2, value});
    const std::string html = html_of(chart);
    CHECK(is_well_formed(html));
    CHECK_FALSE(has(html, "nan"));
    CHECK_FALSE(has(html, "inf"));
  }
}

TEST_CASE("long curves are thinned, and so is what the pointer reads", "[output]") {
  LineChart chart;
  chart.curves = {{"a", noise(1, 20'000)}};
  const std::string html = html_of(chart);
  CHECK(html.size() < 40'000);
  CHECK(data_of(html)["p"].size() == 200);
}

TEST_CASE("parts of a stack lie on top of one another", "[output]") {
  StackedChart chart;
  chart.unit = Unit::count();
  chart.parts = {"in", "out"};
  chart.colours = {1, 5};
  chart.columns = {{0.5, 1.5, "round 1", {6, 4}}, {1.5, 2.5, "round 2", {10, 0}}};
  const std::string html = html_of(chart);
  CHECK(is_well_formed(html));
  CHECK(has(html, "class=\"bars c1\" d=\"M50 1000V400H450V1000zM550 1000V0H950V1000z\""));
  CHECK(has(html, "class=\"bars c5\" d=\"M50 400V0H450V400z\""));
  CHECK(data_of(html)["p"][0] == nlohmann::json({250, "round 1", "6", "4"}));
}

TEST_CASE("a heat map has a bar and cells for each column", "[output]") {
  HeatMap map;
  map.title = "Who";
  map.columns = {{"device <0>", 4, {4, 0}}, {"device 1", 8, {1, 7}}};
  const std::string html = html_of(map);
  CHECK(is_well_formed(html));
  const auto data = data_of(html);
  CHECK(data["h"][0] == nlohmann::json({"device <0>", 4, {4, 0}}));
  CHECK(data["h"][1][2][1] == 7);
  CHECK(occurrences(html, "class=\"cells\"") == 2);  // two shades
}

}  // namespace covey::simulation::testing
