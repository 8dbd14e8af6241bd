#include <algorithm>

#include "simulation/engine/round_run.h"

// What happens on the devices of a round.
namespace covey::simulation {

using namespace client;

namespace {

// A NaN in the first value that is aggregated.
void spoil(model::Model& model) {
  for (const ring::Slice& slice : model.manifest().slices()) {
    const auto bytes = model.bytes(slice.tensor);
    if (bytes.empty()) continue;
    std::ranges::fill(bytes.first(ring::size_bytes(model.manifest().tensors()[slice.tensor].dtype)),
                      std::uint8_t{0xff});
    return;
  }
}

}  // namespace

void RoundRun::leave(Player& player) {
  player.is_out = true;
  player.is_waiting = false;
  around_.workers.cancel(player.work);
}

// Where in the round the operation that the device is about to do is.
std::optional<Step> RoundRun::step_of(const Player& player) const {
  const Operation& next = player.operation;
  if (std::holds_alternative<operation::Fetch>(next)) return Step::kFetch;
  if (std::holds_alternative<operation::Train>(next)) return Step::kTrain;
  if (std::holds_alternative<operation::Join>(next)) return Step::kJoin;
  if (!std::holds_alternative<operation::Send>(next)) return std::nullopt;
  if (!is_masked_) return Step::kMask;
  const int last = static_cast<int>(Step::kUnmask) - static_cast<int>(Step::kAdvertise);
  return static_cast<Step>(static_cast<int>(Step::kAdvertise) + std::min(player.messages, last));
}

bool RoundRun::suffer(Player& player, Milliseconds& delay) {
  const auto step = step_of(player);
  if (!player.fault || !step || *step < player.fault->step) return true;
  const FaultKind kind = player.fault->kind;
  if (kind == FaultKind::kNan || kind == FaultKind::kPartial) return true;  // when it trains
  const Fault fault = *std::exchange(player.fault, std::nullopt);
  ++outcome_.faults;
  if (fault.kind == FaultKind::kDelay) delay = around_.spec.faults.delay;
  if (fault.kind == FaultKind::kCrash) {
    put(now_ + around_.spec.faults.crash_pause, place_of(player), Kind::kReturns);
    return false;
  }
  // Without masks a vector that is damaged is not taken.
  player.corrupts = fault.kind == FaultKind::kCorrupt && is_masked_;
  const bool vanishes =
      fault.kind == FaultKind::kDrop || (fault.kind == FaultKind::kCorrupt && !is_masked_);
  if (vanishes) leave(player);
  return !vanishes;
}

void RoundRun::act(Player& player) {
  around_.workers.wait(player.work);
  if (player.learning_error) player.error = std::exchange(player.learning_error, std::nullopt);
  if (player.learned) around_.training.local().store(player.device, std::move(*player.learned));
  player.learned.reset();
  Milliseconds delay{0};
  if (!suffer(player, delay)) return;
  if (const auto* job = std::get_if<operation::Train>(&player.operation)) {
    return train(player, *job, delay);
  }
  if (const auto* wait = std::get_if<operation::Wait>(&player.operation)) {
    return tell(player, participant_event::Waited{}, now_ + wait->pause);
  }
  if (std::holds_alternative<operation::Done>(player.operation)) return leave(player);
  std::uint64_t bytes = DeviceTimes::kMessageBytes;
  if (const auto* send = std::get_if<operation::Send>(&player.operation)) {
    bytes = is_masked_ ? send->message.size() : around_.material.vector_bytes;
  }
  put(now_ + times_.transfer(bytes) + delay, place_of(player), Kind::kArrives);
}

void RoundRun::train(Player& player, const operation::Train& job, Milliseconds delay) {
  const auto fault = std::exchange(player.fault, std::nullopt);
  const bool is_spoiled = fault && fault->kind == FaultKind::kNan;
  plan::TrainSettings settings = job.plan->train;
  if (fault && fault->kind == FaultKind::kPartial) {
    std::uint32_t& passes = settings.steps > 0 ? settings.steps : settings.epochs;
    passes = 1 + static_cast<std::uint32_t>(datasets::Draws(job.seed).below(passes));
  }
  if (is_spoiled || settings != job.plan->train) {
    ++outcome_.faults;
  } else {
    player.fault = fault;  // its step is still to come
  }
  const Milliseconds at =
      now_ + delay +
      times_.training(settings, player.device, around_.dataset.examples_of(player.device));
  put(at, place_of(player), Kind::kActs);
  const Lesson lesson{job, settings, is_spoiled, at};
  player.work =
      around_.workers.submit(at, [this, &player, lesson](std::size_t worker, std::stop_token stop) {
        player.operation = learn(player, lesson, worker, std::move(stop));
      });
}

Operation RoundRun::learn(Player& player, const Lesson& lesson, std::size_t worker,
                          std::stop_token stop) {
  const model::Model& global = *around_.material.model;
  model::Model* model = lesson.job.model;
  if (model == nullptr) player.body->train_on(*(model = &around_.training.scratch(worker, global)));
  plan::Plan partial;
  const bool is_whole = lesson.settings == lesson.job.plan->train;
  if (!is_whole) {
    partial = *lesson.job.plan;
    partial.train = lesson.settings;
  }
  const client::TrainingJob job{is_whole ? *lesson.job.plan : partial, lesson.job.round,
                                lesson.job.seed, std::move(stop)};
  auto report = around_.training.train(worker, player.device, job, global, *model);
  if (!report) {
    player.learning_error = report.error();
    return player.body->step(participant_event::Failed{report.error()}, lesson.until);
  }
  if (around_.training.local().is_needed()) player.learned = around_.training.local().of(*model);
  if (lesson.is_spoiled) spoil(*model);
  return player.body->step(participant_event::Trained{std::move(*report)}, lesson.until);
}

}  // namespace covey::simulation
