#include "fuzz/service_world.h"

#include "client/grpc/reply_wire.h"
#include "coordinator/grpc/device_wire.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/crypto/digest.h"
#include "support/fake_federation.h"

namespace covey::fuzz {

using namespace coordinator;
namespace asked = coordinator::device_wire;
namespace told = client::reply_wire;

namespace {

constexpr std::size_t kMostDevices = 8;
constexpr std::size_t kMostMessageBytes = std::size_t{1} << 24;
constexpr int kMostBatches = 16;  // that follow from one
constexpr UnixMs kStart = 1'700'000'000'000;

crypto::SigningKeyPair key_from(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(number);
  return crypto::SigningKeyPair::from_seed(SecretKey(seed));
}

std::string task_file(const ServiceWorld::Options& options) {
  const std::string devices = std::to_string(options.devices);
  return "[task]\nname = \"" + ServiceWorld::task_name() +
         "\"\nrounds = " + std::to_string(options.rounds) +
         "\n[model]\nname = \"linear\"\ninitial = \"init.safetensors\"\n[round]\ntarget = " +
         devices + "\nminimum = " + (options.group_size < options.devices ? devices : "3") +
         "\ngroup_size = " + std::to_string(options.group_size) +
         "\nover_selection = 1.0\ntraining_deadline = \"60s\"\nstep_idle = \"2s\"\n"
         "[aggregation]\nclip = \"range\"\nclip_bound = 1.0\nquantization_bits = 16\n"
         "rotate = false\nmax_weight = 1000\n[secure]\nminimum_devices = 3\n"
         "minimum_survivors = 2\ncorrupt_fraction = 0.0\ndropout_fraction = 0.25\n"
         "[evaluate]\nmetrics = [\"loss\"]\n";
}

// Through the bytes that would be on the wire, to what the device makes of them.
template <typename Wire>
Wire sent(const Wire& message) {
  Wire received;
  COVEY_CHECK(received.ParseFromString(message.SerializeAsString()));  // it is what was written
  return received;
}

Answer understood(const federation::CheckInReply& reply) {
  v1::CheckInReply wire;
  asked::to_wire(reply, wire);
  return told::from_wire(sent(wire), "").value();
}
Answer understood(const federation::JoinReply& reply) {
  v1::JoinReply wire;
  asked::to_wire(reply, wire);
  return told::from_wire(sent(wire)).value();
}
Answer understood(const federation::SendReply& reply) {
  v1::SendReply wire;
  asked::to_wire(reply, wire);
  return told::from_wire(sent(wire)).value();
}
Answer understood(const federation::ReceiveReply& reply) {
  v1::ReceivePart wire;
  if (const auto* message = std::get_if<federation::GroupMessage>(&reply)) {
    wire.mutable_part()->set_epoch(message->epoch);
    wire.mutable_part()->set_size_bytes(message->message.size());
    wire.mutable_part()->set_data(std::string(text_of(message->message)));
  } else if (const auto* come_back = std::get_if<federation::ComeBack>(&reply)) {
    asked::to_wire(*come_back, *wire.mutable_come_back());
  } else {
    asked::to_wire(std::get<federation::RoundOver>(reply), *wire.mutable_round_over());
  }
  told::ReceivedReply received(kMostMessageBytes);
  COVEY_CHECK(received.add(sent(wire)).has_value());  // a device takes it
  return received.finish().value();
}
Answer understood(const std::shared_ptr<const BlobReader>& blob) {
  auto bytes = std::make_shared<Bytes>(blob->size_bytes());
  COVEY_CHECK(blob->read(0, *bytes).has_value());  // all of it is there
  return std::shared_ptr<const Bytes>(std::move(bytes));
}
Answer understood(std::monostate) { return std::monostate(); }

// A device is told what it did wrong, or that something is over, or to come later; never that the
// coordinator is broken.
void check_error(const Error& error) {
  COVEY_CHECK(error.code != ErrorCode::kInternal && error.code != ErrorCode::kUnknown &&
              error.code != ErrorCode::kDataLoss);
  COVEY_CHECK(error.message.find("/var/lib") == std::string::npos);  // nor where its files are
}

// A certificate is a key, and the key says whose it is.
class Certificates final : public secagg::IdentityVerifier {
 public:
  Result<crypto::CertifiedIdentity> verify(ByteView chain) override {
    for (std::size_t device = 0; device < kMostDevices; ++device) {
      if (!std::ranges::equal(ServiceWorld::key_of(device).public_key(), chain)) continue;
      crypto::CertifiedIdentity identity;
      identity.name = "device-" + std::to_string(device);
      identity.key = ServiceWorld::key_of(device).public_key();
      return identity;
    }
    return Error{ErrorCode::kUnauthenticated, "nobody's certificate"};
  }
};

}  // namespace

ServiceWorld::Process::Process(ServiceWorld& world, std::uint64_t epoch, DeviceDirectory directory)
    : devices(std::move(directory)),
      audit(world.store_, world.audit_key_),
      surroundings{outbox,
                   log,
                   world.store_,
                   devices,
                   audit,
                   *world.certificates_,
                   [this](std::size_t parts, std::function<void(std::size_t)> part,
                          std::function<void()> done) {
                     jobs.push_back({parts, std::move(part), std::move(done)});
                   },
                   [&world] { return kStart + world.now_.count(); },
                   epoch},
      core(surroundings),
      commit(surroundings, core) {}

const crypto::SigningKeyPair& ServiceWorld::key_of(std::size_t device) {
  static const std::vector<crypto::SigningKeyPair> keys = [] {
    std::vector<crypto::SigningKeyPair> made;
    for (std::uint8_t i = 0; i < kMostDevices; ++i) {
      made.push_back(key_from(static_cast<std::uint8_t>(i + 1)));
    }
    return made;
  }();
  return keys.at(device);
}

const std::string& ServiceWorld::task_name() {
  static const std::string name = "digits";
  return name;
}

ServiceWorld::ServiceWorld(const Options& options)
    : options_(options), audit_key_(key_from(99)), certificates_(std::make_unique<Certificates>()) {
  asked::keep_protobuf_silent();
  start();
  submit();
}

void ServiceWorld::start() {
  auto directory = DeviceDirectory::load(store_);
  COVEY_CHECK(directory.has_value());  // memory can be read
  process_ = std::make_unique<Process>(*this, ++epoch_, std::move(*directory));
  COVEY_CHECK(process_->core.load(now_).has_value());  // what was committed can be taken up
}

void ServiceWorld::submit() {
  const auto model = store_.put_blob(testing::small_model());
  const auto task = process_->core.submit(task_file(options_), *model, now_);
  COVEY_CHECK(task.has_value());  // the file is a good one
  settle();
}

Peer ServiceWorld::peer(std::size_t device) const {
  return {"device-" + std::to_string(device), key_of(device).public_key()};
}

template <typename T>
Reply<T> ServiceWorld::reply(OnAnswer on_answer) {
  ++unanswered_;
  const auto is_answered = std::make_shared<bool>(false);  // shared with the copies of the reply
  return [this, is_answered, on_answer = std::move(on_answer)](Result<T> result) {
    COVEY_CHECK(!std::exchange(*is_answered, true));  // a call has one answer
    --unanswered_;
    if (!result) check_error(result.error());
    auto answer = result ? Result<Answer>(understood(*result)) : Result<Answer>(result.error());
    if (on_answer) on_answer(std::move(answer));
  };
}

template <typename T, typename Request, typename Ask>
void ServiceWorld::handle(Result<Request> request, OnAnswer on_answer, const Ask& ask) {
  Reply<T> to = reply<T>(std::move(on_answer));
  if (!request) return to(request.error());
  if (!process_->commit.can_write()) return to(GroupCommit::unavailable());
  ask(*request, std::move(to));
}

void ServiceWorld::call(std::size_t device, Method method, ByteView bytes, OnAnswer then) {
  const auto with = [&]<typename Wire>(Wire request, const auto& use) {
    if (request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) use(request);
  };
  const Peer from = peer(device);
  FederationCore& core = process_->core;
  Outbox& outbox = process_->outbox;
  switch (method) {
    case Method::kCheckIn:
      return with(v1::CheckInRequest(), [&](const auto& wire) {
        handle<federation::CheckInReply>(asked::from_wire(wire), then,
                                         [&](const auto& request, auto to) {
                                           outbox.reply<federation::CheckInReply>(
                                               std::move(to), core.check_in(from, request, now_));
                                         });
      });
    case Method::kFetch:
      return with(v1::FetchRequest(), [&](const auto& wire) {
        using Blob = std::shared_ptr<const BlobReader>;
        handle<Blob>(asked::blob_from(wire), then, [&](const Digest& digest, auto to) {
          outbox.reply<Blob>(std::move(to), core.open_blob(from, digest, now_));
        });
      });
    case Method::kJoin:
      return with(v1::JoinRequest(), [&](const auto& wire) {
        handle<federation::JoinReply>(
            asked::from_wire(wire.round()), then,
            [&](const auto& round, auto to) { core.join(from, round, std::move(to), now_); });
      });
    case Method::kSend:
      return with(v1::SendRequest(), [&](const auto& wire) {
        auto message = asked::message_from(wire);
        handle<federation::SendReply>(
            asked::from_wire(wire.group()), then, [&](const auto& group, auto to) {
              if (!message) return to(message.error());
              core.send(from, group, std::move(*message), std::move(to), now_);
            });
      });
    case Method::kReceive:
      return with(v1::ReceiveRequest(), [&](const auto& wire) {
        handle<federation::ReceiveReply>(asked::from_wire(wire), then,
                                         [&](const auto& request, auto to) {
                                           core.receive(from, request, std::move(to), now_);
                                         });
      });
    case Method::kDecline:
      return with(v1::DeclineRequest(), [&](const auto& wire) {
        const auto reason = asked::reason_from(wire);
        handle<std::monostate>(
            asked::from_wire(wire.round()), then, [&](const auto& round, auto to) {
              if (!reason) return to(reason.error());
              outbox.reply<std::monostate>(std::move(to), core.decline(from, round, *reason, now_));
            });
      });
  }
}

void ServiceWorld::settle() {
  int batches = 0;
  do {
    COVEY_CHECK(++batches < kMostBatches);  // answers do not beget answers without end
    next_ = process_->commit.settle(now_);
  } while (next_ && *next_ <= now_ && process_->commit.can_write() && !process_->outbox.is_empty());
}

void ServiceWorld::work() {
  for (int jobs = 0; !process_->jobs.empty(); ++jobs) {
    COVEY_CHECK(jobs < 1'000);  // nor does work
    const Job job = std::move(process_->jobs.front());
    process_->jobs.pop_front();
    for (std::size_t part = job.parts; part > 0; --part) job.part(part - 1);
    job.done();
    settle();
  }
}

void ServiceWorld::advance_to(Milliseconds time) {
  now_ = std::max(now_, time);
  settle();
}

void ServiceWorld::restart() {
  process_.reset();
  unanswered_ = 0;  // their connections went with it
  store_.roll_back();
  start();
  settle();
}

}  // namespace covey::fuzz
