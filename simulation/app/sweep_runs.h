#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "simulation/app/one_run.h"
#include "simulation/app/sweep.h"

namespace covey::simulation {

// The runs of a sweep, each in a folder of its own within the sweep's. Those that have ended are
// not run again, those that were interrupted go on: starting it again is all there is to resuming.
class SweepRuns {
 public:
  struct Run {
    Combination combination;
    SimulationSpec spec;
  };

  // `context` must outlive it.
  SweepRuns(std::string folder, std::string data_folder, std::vector<Run> runs, Context& context)
      : folder_(std::move(folder)),
        data_folder_(std::move(data_folder)),
        runs_(std::move(runs)),
        context_(context) {}

  // kFailedPrecondition when a run's folder has one of another task file, or one that is to go on
  // and was begun with other data.
  Status check() const;
  // `jobs` at a time, each with its display where it is one. Ends early when the context is
  // stopping, or with the first error, which names the run.
  Status run(std::uint64_t jobs);
  bool is_complete() const { return ended_ == runs_.size(); }
  // Of the runs that have a folder, in the sweep's order.
  Result<std::vector<RunRecord>> records() const;

 private:
  std::string folder_of(const Run& run) const { return folder_ + "/" + run.combination.name; }
  void work(bool has_display);
  void run_one(std::size_t index, bool has_display);
  void say(std::size_t index, const std::string& text);

  const std::string folder_;
  const std::string data_folder_;
  const std::vector<Run> runs_;
  Context& context_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> ended_{0};
  std::mutex mutex_;  // of what follows, and of the context's streams
  std::optional<Error> error_;
};

}  // namespace covey::simulation
