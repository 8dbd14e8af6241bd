#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "covey/aggregation/secagg/bitmap.h"
#include "covey/aggregation/secagg/graph.h"
#include "covey/aggregation/secagg/group_context.h"
#include "covey/aggregation/secagg/identity.h"
#include "covey/aggregation/secagg/parameter_finder.h"
#include "covey/aggregation/secagg/reasons.h"
#include "covey/crypto/mask_expander.h"

namespace covey::secagg {

// How the shell names a device; it stands for an authenticated peer, and is the same after a
// restart.
using DeviceHandle = std::uint32_t;

struct FixedParameters {
  std::uint32_t degree = 0;
  std::uint32_t threshold = 0;
};

struct CoordinatorOptions {
  GroupContext context;
  std::uint32_t maximum_devices = 200;  // the group starts by itself when so many have advertised
  std::uint32_t minimum_devices = 2;    // fewer in the roster end it
  std::uint32_t minimum_survivors = 2;  // fewer in the sum end it
  ParameterRequest requirements;  // what degree and threshold are chosen for; `devices` is set when
                                  // the roster is known
  // Instead of requirements: this degree (or the complete graph of a smaller group) and threshold.
  // For tests and benchmarks.
  std::optional<FixedParameters> fixed;
  IdentityVerifier* verifier = nullptr;  // must outlive the session
  std::size_t staging_bytes = std::size_t{64}
                              << 20;  // unfinished masked vectors; room for one is always there
  std::size_t slice_blocks =
      64;  // blocks of the sum that are unmasked between two points at which it can be saved
  crypto::MaskPath mask_path = crypto::available_mask_paths().front();
};

enum class CoordinatorStep {
  kAdvertise,
  kShare,
  kMask,
  kAgree,
  kUnmask,
  kExpand,  // the devices are done; masks are expanded and taken off
  kCompleted,
  kAborted,
};
std::string_view name_of(CoordinatorStep step);  // "advertise"

// What the shell does, in this order.
namespace coordinator_effect {
// Makes `save()` durable before it does anything after this effect.
struct Save {};
// There is a message for this device: message_for gives it, now and as often as it is asked for.
struct MessageReady {
  DeviceHandle device = 0;
};
// The whole masked vector of this device is in the running sum. It is acknowledged once a `save()`
// that has it is durable; one save may serve many devices.
struct MaskedInputFolded {
  DeviceHandle device = 0;
};
// No room for this chunk now: the device is to send it again a little later. Room is freed by the
// devices that are `uploading`: a shell takes those that make no progress for gone.
struct SlowDown {
  DeviceHandle device = 0;
};
// This device is out, and message_for tells it so. A masked vector that was folded stays in the
// sum.
struct Drop {
  DeviceHandle device = 0;
  Fault fault = Fault::kGone;
  std::optional<Refusal> refusal;         // kRefused
  std::optional<DeviceHandle> neighbour;  // kRefused: whom the device blames
};
// run_part for each part, on any threads, then work_done.
struct WorkReady {};
// The last effect: `step` is kCompleted or kAborted.
struct Finished {};
}  // namespace coordinator_effect
using CoordinatorEffect = std::variant<coordinator_effect::Save, coordinator_effect::MessageReady,
                                       coordinator_effect::MaskedInputFolded,
                                       coordinator_effect::SlowDown, coordinator_effect::Drop,
                                       coordinator_effect::WorkReady, coordinator_effect::Finished>;
using CoordinatorEffects = std::vector<CoordinatorEffect>;

// The coordinator's part in one secure aggregation ([Bonawitz17] figure 4, [Bell20] algorithm 2).
// It never does I/O, and has no clock and no threads: the shell says when a step has waited long
// enough. A step also closes by itself when every device that is still there has answered it. Every
// message in every step has an answer: a device's fault drops that device, too few devices end the
// group by name, and nothing a peer sends ends the process.
//
// Holds one accumulator of the sum, bounded staging, and under 256 bytes an edge of the graph. Can
// be saved and restored between any two calls. Not thread-safe, but for run_part. Single use.
class CoordinatorSession {
 public:
  static Result<CoordinatorSession> create(CoordinatorOptions options);
  // From `save`, with the same options. kDataLoss when damaged, or saved with another context.
  static Result<CoordinatorSession> restore(CoordinatorOptions options, ByteView saved);
  Bytes save() const;
  // What is still to be done after `restore`: messages that devices may not have got, work that was
  // not finished.
  CoordinatorEffects resume();

  CoordinatorSession(CoordinatorSession&&) noexcept;
  CoordinatorSession& operator=(CoordinatorSession&&) noexcept;
  ~CoordinatorSession();

  CoordinatorEffects receive(DeviceHandle device, Bytes message);
  CoordinatorEffects device_gone(
      DeviceHandle device);         // for good; a device that may come back is not gone
  CoordinatorEffects close_step();  // whoever has not answered is late, and out
  CoordinatorEffects stop();        // aborts

  // What this device should be told at this step: kUnavailable when there is nothing yet.
  Result<Bytes> message_for(DeviceHandle device) const;

  // The work of kExpand comes in slices. Between WorkReady and work_done only run_part may be
  // called, once for each part below work_parts, and on any number of threads at once.
  std::size_t work_parts() const;
  void run_part(std::size_t part);
  CoordinatorEffects work_done();

  std::vector<DeviceHandle> uploading() const;  // whose masked vectors are there in part
  // Grows with every message that was of use. Repeats, faults and refusals are of none, so a step
  // that a shell closes when this stands still cannot be kept open for ever.
  std::uint64_t progress() const;

  CoordinatorStep step() const;
  std::optional<AbortReason> abort_reason() const;
  std::optional<GroupParameters> parameters() const;  // once there is a roster
  std::size_t advertised() const;                     // devices that have, so far
  std::optional<DeviceHandle> device_at(Position position) const;

  // kCompleted: the sum over the survivors, reduced modulo 2^b, and who they are.
  const ring::RingVector& sum() const;
  const std::vector<DeviceHandle>& survivors() const;
  // kCompleted: what the devices are told of it. The shell saves before it tells anyone.
  void publish(const Digest& model);

 private:
  class Core;
  explicit CoordinatorSession(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace covey::secagg
