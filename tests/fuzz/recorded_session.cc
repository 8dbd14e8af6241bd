#include "fuzz/recorded_session.h"

#include <array>

#include "client/grpc/reply_wire.h"
#include "covey/client/participant.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/fake_federation.h"
#include "support/memory_storage.h"

namespace covey::fuzz {

using namespace client;
namespace effect = participant_effect;

namespace {

constexpr int kMostTurns = 20'000;
constexpr std::size_t kNever = ~std::size_t{0};

struct Plot {
  ServiceWorld::Options world = {};
  std::size_t vanishing = kNever;   // this device stops for good
  std::size_t sends = 0;            // after so many messages
  std::size_t restart_at = kNever;  // the call before which the coordinator is killed
};

template <typename Wire>
Bytes bytes_of(const Wire& message) {
  return to_bytes(view_of(message.SerializeAsString()));
}

// Devices that are played against a ServiceWorld, one operation at a time, and what they ask.
class Recording {
 public:
  explicit Recording(const Plot& plot)
      : plot_(plot), world_(plot.world), random_(1), manifest_(testing::small_manifest()) {
    for (std::size_t i = 0; i < plot.world.devices; ++i) devices_.push_back(new_device(i));
  }

  RecordedSession play() {
    for (int turn = 0; turn < kMostTurns && !is_over(); ++turn) {
      bool has_moved = false;
      for (const auto& device : devices_) has_moved = move(*device) || has_moved;
      if (!has_moved) pass_time();
    }
    COVEY_CHECK(is_over());  // all rounds end, or there is nothing to fuzz
    return {plot_.world, std::move(calls_)};
  }

 private:
  struct Device {
    std::size_t number = 0;
    Bytes certificate;
    testing::MemoryStorage storage;
    std::optional<Participant> participant;
    std::optional<ParticipantEvent> event = participant_event::Begin{};  // none: a call is held
    Milliseconds wakes_at{0};
    std::size_t sends = 0;
    bool is_gone = false;
  };

  std::unique_ptr<Device> new_device(std::size_t number) {
    auto device = std::make_unique<Device>();
    device->number = number;
    const crypto::SigningKeyPair& key = ServiceWorld::key_of(number);
    device->certificate = to_bytes(key.public_key());
    ParticipantOptions options;
    options.manifest = &manifest_;
    options.policy = testing::lax_policy();
    options.signing_key = &key;
    options.certificate_chain = device->certificate;
    options.verifier = &world_.certificates();
    options.random = &random_;
    device->participant.emplace(Participant::create(std::move(options), {}).value());
    return device;
  }

  bool is_over() {
    return world_.core().tasks().front().state != coordinator::TaskState::kRunning &&
           std::ranges::all_of(devices_, [](const auto& device) {
             return device->is_gone || device->participant->activity() == Activity::kCheckingIn;
           });
  }

  void pass_time() {
    std::optional<Milliseconds> next = world_.next_event();
    for (const auto& device : devices_) {
      if (device->is_gone || !device->event) continue;
      next = std::min(next.value_or(Milliseconds::max()), device->wakes_at);
    }
    COVEY_CHECK(next.has_value());  // a federation that is not over waits for something
    world_.advance_to(std::max(*next, world_.now() + Milliseconds(1)));
    world_.work();
  }

  // False when the device waits.
  bool move(Device& device) {
    if (device.is_gone || !device.event || device.wakes_at > world_.now()) return false;
    ParticipantEvent event = std::move(*device.event);
    device.event.reset();
    ParticipantStep step = device.participant->step(std::move(event), world_.now());
    for (ParticipantEffect& next : step.effects) apply(device, next);
    std::visit([&](auto& operation) { perform(device, operation); }, step.operation);
    return true;
  }

  static void apply(Device& device, ParticipantEffect& next) {
    Status status;
    if (auto* put = std::get_if<effect::Put>(&next)) {
      status = device.storage.put(put->key, put->value.reveal());
    } else if (auto* append = std::get_if<effect::Append>(&next)) {
      status = device.storage.append(append->key, append->record.reveal());
    } else if (const auto* erase = std::get_if<effect::Erase>(&next)) {
      status = device.storage.erase(erase->key);
    }
    COVEY_CHECK(status.has_value());  // memory can be written
  }

  void perform(Device& device, const operation::Wait& wait) {
    device.wakes_at = world_.now() + wait.pause;
    device.event = participant_event::Waited{};
  }
  void perform(Device& device, const operation::Done&) { device.is_gone = true; }
  void perform(Device& device, const operation::Train& job) {
    for (const char* name : {"weight", "bias"}) {
      for (float& value : job.model->floats(name)) value += step_of(device.number);
    }
    device.event = participant_event::Trained{{examples_of(device.number), {0.5}}};
  }
  void perform(Device& device, const operation::CheckIn& check_in) {
    v1::CheckInRequest wire;
    reply_wire::to_wire(check_in.request, wire);
    ask<federation::CheckInReply, participant_event::CheckedIn>(device, Method::kCheckIn, wire);
  }
  void perform(Device& device, const operation::Fetch& fetch) {
    v1::FetchRequest wire;
    wire.set_digest(std::string(text_of(fetch.blob.digest)));
    ask<std::shared_ptr<const Bytes>, participant_event::Fetched>(device, Method::kFetch, wire);
  }
  void perform(Device& device, const operation::Join& join) {
    v1::JoinRequest wire;
    reply_wire::to_wire(join.round, *wire.mutable_round());
    ask<federation::JoinReply, participant_event::Joined>(device, Method::kJoin, wire);
  }
  void perform(Device& device, const operation::Send& send) {
    if (device.number == plot_.vanishing && device.sends++ == plot_.sends) {
      device.is_gone = true;
      return;
    }
    v1::SendRequest wire;
    reply_wire::to_wire(send.group, *wire.mutable_group());
    wire.set_message(std::string(text_of(send.message)));
    ask<federation::SendReply, participant_event::Sent>(device, Method::kSend, wire);
  }
  void perform(Device& device, const operation::Receive& receive) {
    v1::ReceiveRequest wire;
    reply_wire::to_wire(receive.request, wire);
    ask<federation::ReceiveReply, participant_event::Received>(device, Method::kReceive, wire);
  }
  void perform(Device& device, const operation::Decline&) {
    device.event = participant_event::Declined{};
  }

  template <typename Reply, typename Event, typename Wire>
  void ask(Device& device, Method method, const Wire& request) {
    const bool restarts = calls_.size() == plot_.restart_at;
    if (restarts) restart();
    device.event.reset();
    calls_.push_back({device.number, method, bytes_of(request), world_.now(), restarts});
    world_.call(device.number, method, calls_.back().request, [&device](Result<Answer> answer) {
      if (answer) {
        device.event = Event{std::get<Reply>(std::move(*answer))};
      } else {
        device.event = participant_event::Failed{answer.error()};
      }
    });
    world_.settle();
    world_.work();
  }

  // Calls that were held are lost, and fail.
  void restart() {
    world_.restart();
    for (const auto& device : devices_) {
      if (device->event || device->is_gone) continue;
      device->event = participant_event::Failed{Error{ErrorCode::kUnavailable, "it is gone"}};
    }
  }

  const Plot plot_;
  ServiceWorld world_;
  crypto::InsecureSeededRandom random_;
  const ring::Manifest manifest_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<RecordedCall> calls_;
};

}  // namespace

float step_of(std::size_t device) { return 0.01f * static_cast<float>(device + 1); }
std::uint64_t examples_of(std::size_t device) { return 100 + device; }

const RecordedSession& recorded_session(std::uint32_t index) {
  static const std::array<Plot, kSessions> plots = {
      Plot{},
      // Advertisement, shares and two chunks, then nothing.
      Plot{.vanishing = 1, .sends = 4},
      Plot{.vanishing = 2, .sends = 2, .restart_at = 60},
      Plot{.world = {.devices = 6, .group_size = 3, .rounds = 1}},
  };
  static std::array<std::optional<RecordedSession>, kSessions> sessions;
  auto& session = sessions.at(index);
  if (!session) session = Recording(plots.at(index)).play();
  return *session;
}

}  // namespace covey::fuzz
