#include <nlohmann/json.hpp>

#include "simulation/output/report/comparison.h"
#include "simulation/output/report/run_charts.h"
#include "simulation/output/report/run_report.h"
#include "simulation/output_support.h"
#include "support/catch.h"

namespace covey::simulation::testing {
namespace {

RunRecord run_of(const std::string& name, std::uint64_t rounds, const std::string& task_text) {
  return {"runs/" + name, info_of_test(), task_text, results_of(rounds)};
}

}  // namespace

TEST_CASE("a report is one well-formed file that needs no other", "[output]") {
  for (const std::uint64_t rounds : {0, 1, 4, 30}) {
    const std::string html = run_report(run_of("digits-1", rounds, "rounds = 1\n"));
    INFO(rounds << " rounds");
    CHECK(is_well_formed(html));
    for (const char* external : {"http", "src=", "href", "url(", "@import"}) {
      CHECK_FALSE(has(html, external));
    }
    CHECK_FALSE(has(html, "nan"));
    CHECK(has(html, "prefers-color-scheme: dark"));
  }
}

TEST_CASE("a report tells the key figures, the charts, the data and the task", "[output]") {
  const std::string html = run_report(run_of("digits-1", 30, "[train]\nx = 1 # <&>\n"));
  for (const char* part :
       {"Best test accuracy", "Rounds to target", "27,562 parameters", "handwriting, 100 writers",
        "12 bits", ">Accuracy<", ">Loss<", ">Participation<", ">Clipping<", ">Bytes of a round<",
        ">Time of a round", "Who holds what", "Examples of a device", "x = 1 # &lt;&amp;&gt;",
        "SHA-256", "covey 1.2.3"}) {
    INFO(part);
    CHECK(has(html, part));
  }
  CHECK_FALSE(has(html, ">Learning rates<"));  // they stay as they are
}

TEST_CASE("learning rates are drawn when they change", "[output]") {
  RunRecord run = run_of("digits-1", 5, "");
  for (RoundResult& result : run.results) {
    result.learning_rate = 0.1 / static_cast<double>(result.round);
  }
  CHECK(has(run_report(run), ">Learning rates<"));
}

TEST_CASE("names of any kind stay text in a report", "[output]") {
  RunRecord run = run_of("x", 4, "</pre><script>alert(1)</script>");
  const std::string evil = "\"><script>alert(2)</script>";
  run.info.task = run.info.model = run.info.dataset = run.info.description = evil;
  run.info.facts = {{evil, evil}};
  run.info.partition.shown[0].name = evil;
  run.results[3].reason = evil;
  run.path = evil;
  for (const std::string& html : {run_report(run), comparison_report(evil, {{run, run}})}) {
    CHECK_FALSE(has(html, "<script>alert"));
    CHECK(is_well_formed(html));
  }
}

TEST_CASE("many rounds are drawn as the means of stretches that join", "[output]") {
  const std::vector<RoundResult> results = results_of(1000);
  const auto columns = columns_of(results, [](const RoundResult& r) {
    return std::vector<double>{static_cast<double>(r.round)};
  });
  CHECK(columns.size() <= 200);
  CHECK(columns.front().low == 0.5);
  CHECK(columns.back().high == 1000.5);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    CHECK(columns[i].values[0] == Approx((columns[i].low + columns[i].high) / 2));
    if (i > 0) CHECK(columns[i].low == columns[i - 1].high);
  }
  CHECK(run_report(run_of("long", 1000, "")).size() < 400'000);
}

TEST_CASE("a comparison tells what sets the runs apart, and marks the best", "[output]") {
  std::vector<RunRecord> runs = {
      run_of("a", 5, "[train]\nlearning_rate = 0.1\n[simulation]\nworkers = 1\n"),
      run_of("b", 9, "[train]\nlearning_rate = 0.2\nname = 'x'\n[simulation]\nworkers = 2\n")};
  const Comparison comparison = compare(runs);
  CHECK(comparison.names == std::vector<std::string>{"train.learning_rate", "train.name"});
  CHECK(comparison.rows[0].settings == std::vector<std::string>{"0.1", "–"});
  CHECK(comparison.rows[1].settings == std::vector<std::string>{"0.2", "x"});
  CHECK_FALSE(comparison.rows[0].is_best);
  CHECK(comparison.rows[1].is_best);
  CHECK(comparison.rows[0].name == "a");
  CHECK(table_columns(comparison).size() == table_cells(comparison.rows[0]).size());
  const auto json = nlohmann::json::parse(json_of(comparison));
  REQUIRE(json.size() == 2);
  CHECK(json[0]["settings"]["train.name"].is_null());
  CHECK(json[1]["settings"]["train.learning_rate"] == "0.2");
  CHECK(json[1]["best"]["round"] == 9);
  CHECK(json[1]["rounds_to_target"] == 5);
  const std::string html = comparison_report("two runs", runs);
  CHECK(is_well_formed(html));
  CHECK(occurrences(html, "<tr class=\"best\">") == 1);
  CHECK(has(html, "learning rate 0.2, name x"));
}

TEST_CASE("of more runs than there are colours the best are drawn", "[output]") {
  std::vector<RunRecord> runs;
  for (int i = 0; i < 12; ++i) {
    runs.push_back(run_of(std::to_string(i), 5, "seed = " + std::to_string(i) + "\n"));
    for (RoundResult& result : runs.back().results) {
      if (result.test) result.test->accuracy = 0.5 + 0.01 * i;
    }
  }
  const std::string html = comparison_report("many", runs);
  CHECK(has(html, ">seed 11 <"));
  CHECK_FALSE(has(html, ">seed 3 <"));
  CHECK(has(html, "the best 8 of 12 runs"));
}

}  // namespace covey::simulation::testing
