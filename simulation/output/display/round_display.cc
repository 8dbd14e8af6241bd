#include "simulation/output/display/round_display.h"

#include <array>

#include "covey/shell/numbers.h"
#include "covey/shell/table.h"
#include "simulation/output/result_lines.h"
#include "simulation/output/run_summary.h"

namespace covey::simulation {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRedraw{100};
constexpr std::array kHeadlines = {"test_accuracy", "accuracy", "test_loss", "loss", "rmse"};
constexpr const char* kClearLine = "\r\033[K";

shell::Facts facts_of(const RunInfo& info, const std::string& folder) {
  const std::string rounds =
      std::to_string(info.rounds) + (info.rounds == 1 ? " round" : " rounds");
  const std::string workers =
      std::to_string(info.workers) + (info.workers == 1 ? " worker" : " workers");
  return {{"model", info.model + ", " + shell::with_separators(info.parameters) + " parameters"},
          {"data", info.dataset},
          {"devices", shell::with_separators(info.devices)},
          {"strategy", info.strategy},
          {"masking", info.is_masked ? "secure aggregation" : "plain: sums in clear"},
          {"run", rounds + ", seed " + std::to_string(info.seed) + ", " + workers},
          {"folder", folder}};
}

}  // namespace

RoundDisplay::RoundDisplay(std::ostream& out, std::ostream& err, Options options, Clock now)
    : out_(out), err_(err), options_(options), now_(std::move(now)) {}

void RoundDisplay::announce(std::string_view what) {
  const std::lock_guard lock(mutex_);
  if (has_lines()) lines() << shell::printable(what) << '\n' << std::flush;
}

void RoundDisplay::begin(const RunInfo& info, const std::string& folder, std::uint64_t completed) {
  const std::lock_guard lock(mutex_);
  round_lines_.emplace(info);
  progress_.rounds = info.rounds;
  progress_.completed = completed;
  completed_before_ = completed;
  begun_at_ = now_();
  if (!has_lines()) return;
  shell::print_facts(lines(), facts_of(info, folder));
  if (completed > 0) lines() << "It goes on after " << completed << " completed rounds.\n";
  lines() << '\n';
  if (options_.style == Style::kText) out_ << round_lines_->titles() << '\n';
  lines() << std::flush;
}

void RoundDisplay::round_begun(std::uint64_t round, std::size_t devices) {
  const std::lock_guard lock(mutex_);
  progress_.round = round;
  progress_.devices = devices;
  progress_.trained = 0;
  draw();
}

void RoundDisplay::device_trained() {
  const std::lock_guard lock(mutex_);
  ++progress_.trained;
  if (now_() - drawn_at_ >= kRedraw) draw();
}

void RoundDisplay::round_ended(const RoundResult& result) {
  const std::lock_guard lock(mutex_);
  if (result.is_completed) ++progress_.completed;
  updates_ += result.survivors;
  progress_.round = result.round;
  progress_.devices = progress_.trained = 0;
  update_headline(result);
  update_left();
  if (options_.style == Style::kJson) {
    clear();
    out_ << json_line_of(result) << '\n' << std::flush;
  } else if (options_.style == Style::kText) {
    const bool is_printed = round_lines_->is_printed(result);
    if (is_printed) {
      clear();
      out_ << round_lines_->line_of(result) << '\n' << std::flush;
    }
    not_printed_ = is_printed ? std::nullopt : std::optional(result);
  }
  draw();
}

void RoundDisplay::note(std::string_view text) {
  const std::lock_guard lock(mutex_);
  clear();
  err_ << shell::printable(text) << '\n' << std::flush;
}

void RoundDisplay::end(const Facts& facts) {
  const std::lock_guard lock(mutex_);
  clear();
  if (options_.style == Style::kProgress) return;
  if (not_printed_) out_ << round_lines_->line_of(*not_printed_) << '\n';
  if (has_lines() && !facts.empty()) lines() << '\n';
  shell::print_facts(lines(), facts);
  lines() << std::flush;
}

// Always of the same name, once there is one, or of one before it: not every round has a test.
void RoundDisplay::update_headline(const RoundResult& result) {
  for (std::size_t i = 0; i < kHeadlines.size() && i <= headline_; ++i) {
    const auto value = value_of(result, kHeadlines[i]);
    if (!value) continue;
    progress_.headline = label_of(kHeadlines[i]) + " " + text_of_value(kHeadlines[i], *value);
    headline_ = i;
    return;
  }
}

// From the rounds that this process has seen.
void RoundDisplay::update_left() {
  const double seconds = std::chrono::duration<double>(now_() - begun_at_).count();
  if (seconds > 0) progress_.updates_per_second = static_cast<double>(updates_) / seconds;
  const std::uint64_t done = progress_.completed - completed_before_;
  if (done == 0 || progress_.completed > progress_.rounds) return;
  const auto left = static_cast<double>(progress_.rounds - progress_.completed);
  progress_.left = std::chrono::duration_cast<milliseconds>(
      std::chrono::duration<double>(seconds / static_cast<double>(done) * left));
}

void RoundDisplay::clear() {
  if (is_drawn_) err_ << kClearLine << std::flush;
  is_drawn_ = false;
}

void RoundDisplay::draw() {
  if (!options_.is_terminal || options_.style == Style::kQuiet) return;
  err_ << kClearLine << status_line(progress_, options_.width - 1) << std::flush;
  is_drawn_ = true;
  drawn_at_ = now_();
}

}  // namespace covey::simulation
