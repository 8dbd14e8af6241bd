#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "covey/base/bytes.h"
#include "covey/base/result.h"
#include "covey/simulation/round_result.h"
#include "simulation/output/run_info.h"

namespace covey::simulation {

// A run, as its folder tells it.
struct RunRecord {
  std::string path;
  RunInfo info;
  std::string task_text;  // the effective task file
  std::vector<RoundResult> results;
};

// Of a folder that somebody else may be writing into: a line that is not whole yet is left out.
// kNotFound when there is no run in it; kDataLoss, naming file and line, when it is damaged.
Result<RunRecord> read_run(const std::string& path);

// runs/NAME-1, or the next number that is free: it is made.
Result<std::string> make_numbered_folder(const std::string& name);
std::string model_path(const std::string& folder, std::uint64_t version);

// A run's folder, while the run goes on. What is in it:
//
//   task.toml                  the effective task file
//   run.json                   RunInfo
//   metrics.jsonl metrics.csv  a line for each round
//   models/000001.safetensors  every version, or those that are kept
//   state                      from which the run goes on to the same bits
//   report.html
//
// The state is the truth. A round is written in this order: model, metrics, state; each of them
// durable before the next begins. So wherever the process is killed, the state is of the last round
// or of the one before, and the rest has at least that round. `rewind` cuts off what is beyond it.
// What fails leaves the last good state, and the error names the path. Not thread-safe.
class RunFolder {
 public:
  // Makes the folder, and locks it. An empty `path` stands for runs/NAME-1, or the next number that
  // is free. kAlreadyExists when there is a run in it. One that was made here, and is empty since
  // nothing has begun, is removed when this object ends.
  static Result<RunFolder> create(const std::string& path, const std::string& name);
  // To go on. As `read_run`; kFailedPrecondition when another process has it.
  static Result<RunFolder> open(const std::string& path);

  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  ~RunFolder();

  // Before the first round. `keep_models`: newest versions that stay, beside the first and the
  // best; 0: all.
  Status begin(RunInfo info, std::string task_text, ByteView first_model);
  // The state that was saved last; nothing when the run was killed before its first round ended.
  Result<std::optional<Bytes>> state() const;
  // Cuts off what is beyond `round`, that of the state. kDataLoss when there is less than that.
  Status rewind(std::uint64_t round);
  Status append(const RoundResult& result, ByteView model_file, ByteView state,
                std::uint64_t keep_models);

  Status set_info(RunInfo info);
  Status set_task_text(std::string text);
  Status write_report(std::string_view html);

  const std::string& path() const { return record_.path; }
  const RunRecord& record() const { return record_; }
  std::string path_of(std::string_view name) const;

 private:
  RunFolder(std::string path, int descriptor);
  Status write_metrics();
  void remove_parts() const;
  Status remove_models(std::uint64_t keep_models) const;

  RunRecord record_;
  int descriptor_;         // of the folder, which is locked by it; -1: moved from
  bool is_to_go_ = false;  // made here, and not begun
};

}  // namespace covey::simulation
