#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "simulation/output/result_lines.h"
#include "simulation/output_support.h"
#include "support/catch.h"

namespace covey::simulation::testing {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    if (c == ',' && !is_quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

std::string cell(const RoundResult& result, const std::string& column) {
  const std::vector<std::string> metrics = {"loss", "accuracy"};
  const auto names = cells_of(csv_header(metrics));
  const auto cells = cells_of(csv_line_of(result, metrics));
  REQUIRE(names.size() == cells.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == column) return cells[i];
  }
  FAIL("there is no column " << column);
  return {};
}

}  // namespace

TEST_CASE("a result reads from its line of JSON as it was written, every field", "[output]") {
  for (std::uint64_t round = 1; round <= 6; ++round) {
    RoundResult result = result_of(round);
    result.faults = 3;
    result.capped_weights = 4;
    result.learning_rate = 0.1 / 3;
    const std::string line = json_line_of(result);
    CHECK_FALSE(has(line, "\n"));
    const auto back = result_from_json(line);
    REQUIRE(back.has_value());
    CHECK(json_line_of(*back) == line);
    CHECK(back->round == result.round);
    CHECK(back->is_completed == result.is_completed);
    CHECK(back->reason == result.reason);
    CHECK(back->model == result.model);
    CHECK(back->metrics == result.metrics);
    CHECK(back->test.has_value() == result.test.has_value());
    CHECK(back->learning_rate == result.learning_rate);
    CHECK(back->virtual_duration == result.virtual_duration);
    CHECK(back->seconds.total() == result.seconds.total());
  }
}

TEST_CASE("every field of a result has a place in JSON and in CSV", "[output]") {
  RoundResult result = result_of(1);
  const auto json = nlohmann::json::parse(json_line_of(result));
  CHECK(json.size() == 24);
  CHECK(json["survivors"] == 10);
  CHECK(json["test"]["accuracy"].get<double>() == Approx(0.1));
  CHECK(json["seconds"]["evaluation"] == 0.125);
  CHECK(json["model_sha256"].get<std::string>().size() == 64);
  CHECK(cell(result, "bytes_up") == "1000001");
  CHECK(cell(result, "loss") == "2");
  CHECK(cell(result, "test_accuracy") == "0.09999999999999998");
  CHECK(cell(result, "virtual_ms") == "60000");
  CHECK(cell(result, "evaluation_s") == "0.125");
  CHECK(cell(result_of(2), "test_loss").empty());
}

TEST_CASE("what is no number is null in JSON and nothing in CSV", "[output]") {
  RoundResult result = result_of(1);
  result.metrics = {{"loss", std::nan("")}, {"accuracy", std::numeric_limits<double>::infinity()}};
  result.test = Evaluation{10, std::nan(""), std::nan("")};
  const std::string line = json_line_of(result);
  CHECK_FALSE(has(line, "nan"));
  CHECK(nlohmann::json::parse(line)["metrics"]["loss"].is_null());
  CHECK(nlohmann::json::parse(line)["test"]["loss"].is_null());
  CHECK(cell(result, "loss").empty());
  CHECK(cell(result, "accuracy").empty());
  CHECK(cell(result, "test_loss").empty());
  CHECK(std::isnan(result_from_json(line)->metrics["loss"]));
}

TEST_CASE("a text with commas, quotes and line ends is one cell of CSV", "[output]") {
  RoundResult result = result_of(4);
  result.reason = "a, \"b\"\nc";
  CHECK(has(csv_line_of(result, {}), "\"a, \"\"b\"\"\nc\""));
  CHECK(json_line_of(result).find('\n') == std::string::npos);
}

TEST_CASE("what is no line of results is refused, however it is damaged", "[output]") {
  const std::string line = json_line_of(result_of(1));
  for (std::size_t length = 0; length < line.size(); ++length) {
    const auto read = result_from_json(line.substr(0, length));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::kDataLoss);
  }
  for (const char* other : {"[]", "null", "{}", R"({"round": "x"})"}) {
    CHECK_FALSE(result_from_json(other).has_value());
  }
}

TEST_CASE("what a run is reads from run.json as it was written", "[output]") {
  RunInfo info = info_of_test();
  info.data_folder = "/data";
  info.ended = "all 20 rounds completed";
  CHECK(*run_info_from_json(json_of(info)) == info);
  info.target_metric.clear();
  info.target_value = 0;
  info.ended.clear();
  CHECK(*run_info_from_json(json_of(info)) == info);
  CHECK_FALSE(run_info_from_json("{}").has_value());
  CHECK_FALSE(run_info_from_json(json_of(info).substr(0, 100)).has_value());
}

}  // namespace covey::simulation::testing
