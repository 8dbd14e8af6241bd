#include "simulation/app/sweep_runs.h"

#include <cmath>
#include <filesystem>
#include <thread>

#include "covey/shell/numbers.h"
#include "simulation/output/report/comparison.h"

namespace covey::simulation {
namespace {

bool has_run(const std::string& folder) {
  std::error_code error;
  return std::filesystem::exists(folder + "/run.json", error);
}

// By their names.
bool is_same_folder(const std::string& left, const std::string& right) {
  const auto whole = [](const std::string& folder) {
    std::error_code error;
    return (std::filesystem::absolute(folder, error) / "").lexically_normal();
  };
  return left.empty() == right.empty() && whole(left) == whole(right);
}

std::string text_of(const RunSummary& summary) {
  const std::string time = shell::text_of_milliseconds(std::llround(1000 * summary.seconds));
  if (!summary.best) return "no values, " + time;
  return label_of(summary.headline) + " " + text_of_value(summary.headline, summary.last->value) +
         ", best " + text_of_value(summary.headline, summary.best->value) + " at round " +
         std::to_string(summary.best->round) + ", " + time;
}

}  // namespace

Status SweepRuns::check() const {
  for (const Run& run : runs_) {
    const std::string folder = folder_of(run);
    if (!has_run(folder)) continue;
    COVEY_ASSIGN_OR_RETURN(const RunRecord record, read_run(folder));
    const auto names = differing_settings({record.task_text, run.spec.text});
    if (!names.empty()) {
      return Error{ErrorCode::kFailedPrecondition,
                   "'" + folder + "' has a run of another task file: " + shell::joined(names) +
                       " is not the same; name another folder (--out)"};
    }
    const std::string& data = record.info.data_folder;
    if (!record.info.ended.empty() || data.empty() || is_same_folder(data, data_folder_)) continue;
    return Error{ErrorCode::kFailedPrecondition,
                 "'" + folder + "' has a run that was begun with other data; give --data " + data};
  }
  return {};
}

Status SweepRuns::run(std::uint64_t jobs) {
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 1; i < jobs; ++i) threads.emplace_back([this] { work(false); });
    work(jobs == 1);
  }
  if (error_) return *error_;
  return {};
}

Result<std::vector<RunRecord>> SweepRuns::records() const {
  std::vector<RunRecord> records;
  for (const Run& run : runs_) {
    if (!has_run(folder_of(run))) continue;
    COVEY_ASSIGN_OR_RETURN(RunRecord record, read_run(folder_of(run)));
    records.push_back(std::move(record));
  }
  return records;
}

void SweepRuns::work(bool has_display) {
  while (!context_.is_stopping()) {
    const std::size_t index = next_++;
    if (index >= runs_.size()) return;
    {
      const std::lock_guard lock(mutex_);
      if (error_) return;
    }
    run_one(index, has_display);
  }
}

void SweepRuns::run_one(std::size_t index, bool has_display) {
  const Run& run = runs_[index];
  const std::string folder = folder_of(run);
  const bool goes_on = has_run(folder);
  if (goes_on) {
    const auto record = read_run(folder);
    if (record && !record->info.ended.empty()) {
      ++ended_;
      return say(index, "had ended");
    }
  }
  RoundDisplay display(
      context_.out, context_.err,
      {RoundDisplay::Style::kProgress, context_.is_terminal && has_display, context_.width},
      context_.now);
  const auto outcome = goes_on ? resume_run(folder, {}, context_, display)
                               : start_run(run.spec, folder, data_folder_, context_, display);
  display.end({});
  if (!outcome) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = {outcome.error().code, folder + ": " + outcome.error().message};
    return;
  }
  if (outcome->end.is_stopped) {
    return say(index, "stopped after round " + std::to_string(outcome->summary.rounds));
  }
  ++ended_;
  say(index, outcome->end.failure.empty() ? text_of(outcome->summary) : outcome->info.ended);
}

void SweepRuns::say(std::size_t index, const std::string& text) {
  const std::lock_guard lock(mutex_);
  context_.err << "[" << index + 1 << "/" << runs_.size() << "] " << runs_[index].combination.name
               << ": " << text << '\n'
               << std::flush;
}

}  // namespace covey::simulation
