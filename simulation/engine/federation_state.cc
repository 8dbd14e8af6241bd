#include "covey/aggregation/model/safetensors.h"
#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/crypto/digest.h"
#include "simulation/engine/federation_core.h"

// What the next rounds depend on, as bytes.
namespace covey::simulation {
namespace {

constexpr std::uint32_t kFormat = 1;

}  // namespace

Bytes Federation::Core::save_state() const {
  ByteWriter out;
  out.u32(kFormat);
  out.sized(view_of(spec_.task.name));
  out.u64(spec_.simulation.seed);
  out.raw(training_->manifest().digest());
  out.sized(view_of(parts_.strategy->name()));
  out.u64(version_);
  out.u64(rounds_begun_);
  out.u64(rounds_completed_);
  out.u32(aborted_in_a_row_);
  out.u64(static_cast<std::uint64_t>(now_.count()));
  out.sized(*model_file_);
  out.sized(parts_.strategy->save_state());
  training_->local().save(out);
  out.raw(crypto::sha256(out.bytes()));
  return out.take();
}

Status Federation::Core::restore_state(ByteView state) {
  const std::size_t body = state.size() < sizeof(Digest) ? 0 : state.size() - sizeof(Digest);
  const bool is_whole =
      body > 0 && std::ranges::equal(crypto::sha256(state.first(body)), state.subspan(body));
  ByteReader in(state.first(body));
  if (!is_whole || in.u32() != kFormat) in.fail();
  const std::string_view task = text_of(in.sized());
  const std::uint64_t seed = in.u64();
  const Digest manifest = in.array<32>();
  const std::string_view strategy = text_of(in.sized());
  const std::uint64_t version = in.u64();
  const std::uint64_t begun = in.u64();
  const std::uint64_t completed = in.u64();
  const std::uint32_t aborted = in.u32();
  const std::uint64_t now_ms = in.u64();
  const Bytes file = to_bytes(in.sized());
  const Bytes strategy_state = to_bytes(in.sized());
  if (in.ok() &&
      (task != spec_.task.name || seed != spec_.simulation.seed ||
       manifest != training_->manifest().digest() || strategy != parts_.strategy->name())) {
    return Error{ErrorCode::kFailedPrecondition,
                 "the saved state is of another federation: task, seed, model and strategy must be "
                 "those that it was saved with"};
  }
  auto local = std::make_unique<LocalTensors>(training_->manifest());
  local->restore(in);
  COVEY_RETURN_IF_ERROR(in.finish("the saved state of the simulation"));
  COVEY_ASSIGN_OR_RETURN(model::Model model, model::read_model(file, training_->manifest()));
  COVEY_RETURN_IF_ERROR(parts_.strategy->restore_state(strategy_state));
  training_->replace_local(std::move(local));
  model_ = std::move(model);
  model_file_ = std::make_shared<const Bytes>(file);
  model_digest_ = crypto::sha256(file);
  version_ = version;
  rounds_begun_ = begun;
  rounds_completed_ = completed;
  aborted_in_a_row_ = aborted;
  now_ = Milliseconds(static_cast<std::int64_t>(now_ms));
  return {};
}

}  // namespace covey::simulation
