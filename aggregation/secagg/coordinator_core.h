#pragma once

#include <map>
#include <set>

#include "aggregation/secagg/masked_sum.h"
#include "aggregation/secagg/seed_recovery.h"
#include "aggregation/secagg/unmasker.h"
#include "aggregation/wire/secagg_wire.h"
#include "covey/aggregation/secagg/coordinator_session.h"

namespace covey::secagg {

namespace coordinator {

struct Member {
  DeviceHandle handle = 0;
  Advertisement advertisement;
  crypto::SigningPublicKey signing_key{};
  Digest digest{};               // of the advertisement
  std::optional<Fault> out;      // why it is no longer asked for anything
  bool is_awaited = false;       // by the step that is open
  std::optional<Digest> answer;  // of the message with which it answered that step
};

// The members of a group, once its roster stands, by position.
struct Group {
  GroupParameters parameters;
  Digest roster{};
  std::vector<Member> members;
  std::map<DeviceHandle, Position> position_of;
};

// A phase holds just what its step needs; what later steps need moves on into the next.

struct Advertising {
  std::vector<Member> members;
  std::map<DeviceHandle, std::size_t> index_of;
  std::set<std::array<std::uint8_t, 32>> keys;  // of every kind: none may come twice
};

struct Sharing {
  std::vector<Bytes> boxes;           // by position; empty when it has not shared
  std::vector<Bytes> advertisements;  // by position, as they stand in rosters
};

Sharing open_sharing(const Group& group);

struct Masking {
  Bitmap shared;
  std::vector<Bytes> boxes;
  MaskedSum sum;
};

struct Agreeing {
  Bitmap shared;
  ring::RingVector sum;
  Bitmap survivors;
  Digest signed_digest{};
  std::vector<std::optional<crypto::Signature>> signatures;  // by position
};

struct Unmasking {
  Bitmap shared;
  ring::RingVector sum;
  Bitmap survivors;
  std::vector<std::optional<crypto::Signature>> signatures;  // no more are taken
  std::vector<std::optional<SharesBySlot>> answers;          // by position
};

struct Expanding {
  ring::RingVector sum;
  Bitmap survivors;
  std::unique_ptr<Unmasker> unmasker;
  bool has_keys = false;
  std::size_t blocks_done = 0;
};

struct Completed {
  ring::RingVector sum;
  std::vector<DeviceHandle> survivors;
  std::optional<Digest> model;
};

struct Aborted {
  AbortReason reason = AbortReason::kStopped;
};

// In the order of CoordinatorStep.
using Phase =
    std::variant<Advertising, Sharing, Masking, Agreeing, Unmasking, Expanding, Completed, Aborted>;

}  // namespace coordinator

class CoordinatorSession::Core {
 public:
  explicit Core(CoordinatorOptions options);
  static Result<std::unique_ptr<Core>> load(CoordinatorOptions options, ByteView saved);

  Bytes save() const;
  CoordinatorEffects resume();
  CoordinatorEffects receive(DeviceHandle device, Bytes message);
  CoordinatorEffects device_gone(DeviceHandle device);
  CoordinatorEffects close_step();
  CoordinatorEffects stop();
  Result<Bytes> message_for(DeviceHandle device) const;
  std::size_t work_parts() const;
  void run_part(std::size_t part);
  CoordinatorEffects work_done();

  std::vector<DeviceHandle> uploading() const;
  std::uint64_t progress() const { return progress_; }

  const coordinator::Phase& phase() const { return phase_; }
  coordinator::Completed& completed() {
    auto* completed = std::get_if<coordinator::Completed>(&phase_);
    COVEY_CHECK(completed != nullptr);  // the header says when there is a sum
    return *completed;
  }
  const std::optional<coordinator::Group>& group() const { return group_; }

 private:
  // One device's message (coordinator_messages.cc). A fault drops the device.
  CoordinatorEffects take_advertisement(DeviceHandle device, const wire::DeviceMessage& message,
                                        const Digest& digest);
  std::optional<Fault> admit(coordinator::Advertising& phase, DeviceHandle device,
                             const Advertisement& advertisement, const Digest& digest);
  CoordinatorEffects take_answer(Position position, wire::DeviceMessage& message,
                                 const Digest& digest);
  std::optional<Fault> accept(Position position, wire::DeviceMessage& message);
  std::optional<Fault> accept_shares(coordinator::Unmasking& phase, Position position,
                                     const wire::UnmaskShares& message);
  CoordinatorEffects take_chunk(Position position, Bytes message, const wire::MaskedChunk& chunk);
  CoordinatorEffects take_refusal(DeviceHandle device, const wire::Refuse& refusal);

  // The transitions (coordinator_steps.cc).
  CoordinatorEffects close(coordinator::Advertising& phase, CoordinatorEffects effects);
  CoordinatorEffects close(coordinator::Sharing& phase, CoordinatorEffects effects);
  CoordinatorEffects close(coordinator::Masking& phase, CoordinatorEffects effects);
  CoordinatorEffects close(coordinator::Agreeing& phase, CoordinatorEffects effects);
  CoordinatorEffects close(coordinator::Unmasking& phase, CoordinatorEffects effects);
  // Every seed that the sum needs; or why it cannot be had. Names those who gave wrong shares in
  // `effects`.
  std::variant<std::vector<Unmasker::Seed>, AbortReason> recover_seeds(
      const coordinator::Unmasking& phase, CoordinatorEffects& effects);
  bool is_seed_of(Position owner, bool survived, const SecretKey& seed) const;
  std::unique_ptr<Unmasker> make_unmasker(const Bitmap& survivors,
                                          std::vector<Unmasker::Seed> seeds) const;

  coordinator::Member* find(DeviceHandle device);
  const coordinator::Member* find(DeviceHandle device) const;
  void drop(coordinator_effect::Drop why, CoordinatorEffects& effects);
  void drop_awaited(CoordinatorEffects& effects);  // they are late
  bool is_awaited_by(const coordinator::Phase& phase, Position position) const;
  std::uint32_t signing_neighbours(const std::vector<std::optional<crypto::Signature>>& signatures,
                                   Position position) const;
  // Opens the next step: every member that it needs is awaited and has a message to fetch.
  CoordinatorEffects open(coordinator::Phase next, CoordinatorEffects effects);
  void announce(CoordinatorEffects& effects) const;
  CoordinatorEffects abort(AbortReason reason, CoordinatorEffects effects);
  CoordinatorEffects close_if_nobody_is_awaited(CoordinatorEffects effects);
  CoordinatorEffects close(CoordinatorEffects effects);

  // coordinator_saving.cc
  void load_phase(std::size_t index, ByteReader& in);  // fails `in` when it does not fit

  CoordinatorOptions options_;
  Digest context_;
  std::optional<coordinator::Group> group_;
  std::map<DeviceHandle, Fault> turned_away_;  // at step 0, before they were members of anything
  std::size_t awaited_ = 0;                    // members that are
  std::uint64_t progress_ = 0;                 // since this object was made
  coordinator::Phase phase_;
};

}  // namespace covey::secagg
