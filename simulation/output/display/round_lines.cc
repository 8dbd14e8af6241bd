#include "simulation/output/display/round_lines.h"

#include <algorithm>
#include <cmath>

#include "covey/shell/numbers.h"
#include "covey/shell/table.h"
#include "simulation/output/run_summary.h"

namespace covey::simulation {
namespace {

constexpr std::uint64_t kMostLines = 40;
constexpr std::size_t kRoundWidth = 7;
constexpr std::size_t kDevicesWidth = 9;
constexpr std::size_t kBytesWidth = 10;
constexpr std::size_t kTimeWidth = 12;
constexpr std::size_t kGap = 2;

std::string right(const std::string& text, std::size_t width) {
  return shell::padded(text, width, true);
}

}  // namespace

RoundLines::RoundLines(const RunInfo& info) : every_(every(info.rounds)) {
  const auto has = [&](const char* metric) {
    return std::ranges::find(info.metrics, metric) != info.metrics.end();
  };
  const bool is_tested = info.test_examples > 0;
  if (is_tested && info.partition.classes > 0) values_.push_back({"test_accuracy", ""});
  if (is_tested) values_.push_back({"test_loss", ""});
  if (has("accuracy")) values_.push_back({"accuracy", ""});
  if (has("loss") && !is_tested) values_.push_back({"loss", ""});
  if (has("train_loss")) values_.push_back({"train_loss", ""});
  for (Value& value : values_) value.title = label_of(value.name);
}

std::string RoundLines::titles() const {
  std::string out = right("round", kRoundWidth);
  for (const Value& value : values_) out += right(value.title, value.title.size() + kGap);
  return out + right("devices", kDevicesWidth) + right("up", kBytesWidth) +
         right("time", kTimeWidth);
}

std::string RoundLines::line_of(const RoundResult& result) const {
  std::string out = right(std::to_string(result.round), kRoundWidth);
  if (!result.is_completed) return out + "  aborted: " + shell::printable(result.reason);
  for (const Value& value : values_) {
    const auto number = value_of(result, value.name);
    out += right(number ? text_of_value(value.name, *number) : "-", value.title.size() + kGap);
  }
  const std::string devices =
      std::to_string(result.survivors) + "/" + std::to_string(result.assigned);
  return out + right(devices, kDevicesWidth) +
         right(shell::text_of_bytes(result.bytes_up), kBytesWidth) +
         right(shell::text_of_milliseconds(std::llround(result.seconds.total() * 1000)),
               kTimeWidth);
}

std::uint64_t RoundLines::every(std::uint64_t rounds) {
  std::uint64_t power = 1;
  while (true) {
    for (const std::uint64_t step : {power, 2 * power, 5 * power}) {
      if (rounds / step <= kMostLines) return step;
    }
    power *= 10;
  }
}

bool RoundLines::is_printed(const RoundResult& result) const {
  return !result.is_completed || result.round == 1 || result.round % every_ == 0;
}

}  // namespace covey::simulation
