#include <algorithm>

#include "coordinator/runtime/task_runner.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/aggregation/secagg/vector_layout.h"

// How a task is read from the store, and how a round goes on that a crash or a stop interrupted.
namespace covey::coordinator {

TaskRunner::TaskRunner(TaskRecord record, TaskSpec spec, Surroundings& surroundings)
    : around_(surroundings), record_(std::move(record)), spec_(std::move(spec)) {}

Result<std::unique_ptr<TaskRunner>> TaskRunner::open(TaskRecord record, Surroundings& surroundings,
                                                     Milliseconds now) {
  COVEY_ASSIGN_OR_RETURN(auto spec, parse_task_file(record.file));
  std::unique_ptr<TaskRunner> runner(
      new TaskRunner(std::move(record), std::move(spec), surroundings));
  COVEY_RETURN_IF_ERROR(runner->load(now));
  return runner;
}

Status TaskRunner::load(Milliseconds now) {
  now_ = now;
  COVEY_ASSIGN_OR_RETURN(models_, around_.store.models(record_.name));
  const bool is_there = std::ranges::any_of(models_, [&](const ModelRecord& model) {
    return model.version == record_.current_version && !model.is_pruned;
  });
  if (!is_there) {
    return Error{ErrorCode::kDataLoss, "the current model of task " + record_.name + ", version " +
                                           std::to_string(record_.current_version) +
                                           ", is not in the store"};
  }
  COVEY_ASSIGN_OR_RETURN(const Bytes file, around_.store.get_blob(current_model().digest));
  COVEY_ASSIGN_OR_RETURN(
      manifest_, model::read_manifest(file, [this](std::string_view name, ring::DType type) {
        return spec_.role_of(name, type);
      }));
  COVEY_ASSIGN_OR_RETURN(const auto rounds,
                         around_.store.rounds(record_.name, 1, record_.next_round));
  for (const RoundRecord& round : rounds) {
    if (round.state == RoundState::kCompleted) ++completed_rounds_;
  }
  if (rounds.empty()) return {};
  const UnixMs since_start = std::max<UnixMs>(0, around_.unix_now() - rounds.back().started_at);
  last_start_ = now - Milliseconds(since_start);
  if (rounds.back().state != RoundState::kOpen) {  // what a crash after its end has left
    COVEY_RETURN_IF_ERROR(around_.store.remove_sessions(record_.name, rounds.back().number));
    return {};
  }
  COVEY_ASSIGN_OR_RETURN(auto open, around_.store.round(record_.name, record_.next_round - 1));
  if (!open || open->state != RoundState::kOpen) return {};
  if (const auto resumed = resume_round(*open, now); !resumed) {
    round_record_ = std::move(*open);
    work_.emplace();
    if (!round_) round_.emplace(spec_.cohort, now);
    abort_round("it could not be taken up after a restart: " + resumed.error().message);
  }
  return {};
}

Status TaskRunner::use_plan(plan::Plan plan, std::uint64_t plan_bytes) {
  COVEY_ASSIGN_OR_RETURN(const auto codec, plan.codec_parameters());
  const secagg::VectorLayout layout(codec.shape());
  work_ = RoundWork{std::move(plan), plan_bytes, current_model().size_bytes, codec.shape(),
                    layout.total_bytes()};
  return {};
}

Status TaskRunner::resume_round(RoundRecord record, Milliseconds now) {
  COVEY_ASSIGN_OR_RETURN(const Bytes blob, around_.store.get_blob(record.plan));
  COVEY_ASSIGN_OR_RETURN(auto plan, plan::Plan::from_bytes(blob));
  COVEY_RETURN_IF_ERROR(use_plan(std::move(plan), blob.size()));
  COVEY_ASSIGN_OR_RETURN(Round round, Round::restore(spec_.cohort, record.saved, now));
  round_record_ = std::move(record);
  bytes_up_before_ = round_record_.bytes_up;
  bytes_down_before_ =
      round_record_.bytes_down - round_record_.assigned * (work_->plan_bytes + work_->model_bytes);
  recovered_before_ = round_record_.recovered;
  round_.emplace(std::move(round));
  around_.log.info(around_.unix_now(),
                   record_.name + " round " + std::to_string(round_record_.number) +
                       " is taken up again: " + std::string(name_of(round_->phase())));
  if (!round_->groups().empty()) form_groups(round_->groups(), now, true);
  if (!round_) return {};
  for (RoundEffect& effect : round_->resume()) {
    const auto* merge = std::get_if<round_effect::Merge>(&effect);
    if (merge == nullptr) continue;
    for (const std::uint32_t group : merge->groups) {
      if (groups_.at(group)->session().step() != secagg::CoordinatorStep::kCompleted) {
        return Error{ErrorCode::kDataLoss, "the sum of a group is gone"};
      }
    }
    start_merge(merge->groups);
  }
  return {};
}

// Nothing: the group had no roster yet, and its devices advertise again.
std::optional<Bytes> TaskRunner::saved_group(std::uint32_t group) {
  auto saved = around_.store.get_session(record_.name, round_record_.number, group);
  if (!saved) {
    around_.log.error(around_.unix_now(), saved.error().message);
    return Bytes();  // damaged: it restores nothing, and the round ends by name
  }
  return std::move(*saved);
}

}  // namespace covey::coordinator
