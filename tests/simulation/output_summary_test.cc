#include "simulation/output/run_summary.h"

#include <cmath>

#include "simulation/output_support.h"
#include "support/catch.h"

namespace covey::simulation::testing {

TEST_CASE("a summary tells the best and the last value, and when the target was reached",
          "[output]") {
  const RunInfo info = info_of_test();  // test accuracy of 0.7: 0.9 - 0.8 / x, at odd rounds
  const RunSummary summary = summary_of(info, results_of(10));
  CHECK(summary.headline == "test_accuracy");
  CHECK(summary.best->round == 9);
  CHECK(summary.last->round == 9);
  CHECK(summary.rounds_to_target == 5);
  CHECK(summary.rounds == 10);
  CHECK(summary.completed == 9);
  CHECK(summary.updates == 90);
  CHECK(summary.assigned == 120);
  CHECK(summary.seconds == Approx(18.75));
  CHECK(summary.updates_per_second() == Approx(4.8));
  CHECK(summary.virtual_time == std::chrono::minutes(10));
}

TEST_CASE("a loss is the better the lower it is", "[output]") {
  RunInfo info = info_of_test();
  info.target_metric = "loss";
  info.target_value = 0.7;
  std::vector<RoundResult> results = results_of(3);
  for (RoundResult& result : results) {
    result.test.reset();
    result.metrics.erase("accuracy");
  }
  results[2].metrics["loss"] = 5;
  RunSummary summary = summary_of(info, results);
  CHECK(summary.headline == "loss");
  CHECK(summary.best->round == 2);
  CHECK(summary.last->value == 5);
  CHECK_FALSE(summary.rounds_to_target.has_value());
  results[2].metrics["loss"] = 0.7;
  CHECK(summary_of(info, results).rounds_to_target == 3);
}

TEST_CASE("an aborted round and values that are no numbers count for nothing", "[output]") {
  RunInfo info = info_of_test();
  std::vector<RoundResult> results = results_of(3);
  results[0].test->accuracy = 1.0;
  results[0].is_completed = false;
  results[2].test->accuracy = std::nan("");
  RunSummary summary = summary_of(info, results);
  CHECK(summary.headline == "accuracy");
  CHECK(summary.best->round == 3);
  CHECK_FALSE(summary.rounds_to_target.has_value());
  CHECK(summary_of(info, {}).headline.empty());
  CHECK(summary_of(info, {}).updates_per_second() == 0);
}

}  // namespace covey::simulation::testing
