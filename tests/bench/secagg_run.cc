#include "bench/secagg_run.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>

#include "bench/evp_keystream.h"
#include "bench/memory_account.h"
#include "bench/timing.h"
#include "covey/aggregation/secagg/client_session.h"
#include "covey/aggregation/secagg/vector_layout.h"

namespace covey::bench {

using namespace covey::secagg;

namespace {

constexpr std::uint32_t kCounters = 4;
constexpr std::size_t kEvpSampleBytes = std::size_t{256} << 20;

Error failed(const char* what) { return {ErrorCode::kInternal, what}; }

struct Device {
  crypto::SigningKeyPair key;
  std::unique_ptr<MeteredVerifier> verifier;
  RoundLedger ledger;
  std::optional<ClientSession> session;
  double cpu_seconds = 0;
  PublicKeyUse public_key;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

class Run {
 public:
  explicit Run(const SecaggSetting& setting) : setting_(setting), keystream_(64 << 10) {}

  SecaggRun result() {
    const Status status = play();
    if (!status) out_.failure = status.error().message;
    return std::move(out_);
  }

 private:
  Status play() {
    COVEY_RETURN_IF_ERROR(set_up());
    sample_evp();
    for (DeviceHandle handle = 0; handle < devices_.size(); ++handle) advertise(handle);
    exchange(CoordinatorStep::kShare, [](DeviceHandle) { return true; });
    exchange(CoordinatorStep::kMask, [&](DeviceHandle handle) { return stays(handle); });
    if (coordinator_->step() == CoordinatorStep::kMask) {
      coordinate([&] { return coordinator_->close_step(); });
    }
    sample_evp();
    exchange(CoordinatorStep::kAgree, [&](DeviceHandle handle) { return stays(handle); });
    exchange(CoordinatorStep::kUnmask, [&](DeviceHandle handle) { return stays(handle); });
    while (coordinator_->step() == CoordinatorStep::kExpand) expand();
    sample_evp();
    if (coordinator_->step() != CoordinatorStep::kCompleted) return failed("the group was aborted");
    report();
    return {};
  }

  Status set_up() {
    context_.task = "bench";
    context_.round = 1;
    context_.shape = {setting_.bits, setting_.length, kCounters};
    COVEY_RETURN_IF_ERROR(context_.validate());
    update_ = ring::RingVector::zeros(context_.shape);
    std::visit(
        []<typename Lane>(std::vector<Lane>& lanes) {
          for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = static_cast<Lane>(i * 40503);
        },
        update_.elements);
    update_.counters.assign(kCounters, 1);
    update_.reduce(setting_.bits);
    COVEY_RETURN_IF_ERROR(make_devices());
    return make_coordinator();
  }

  Status make_devices() {
    COVEY_ASSIGN_OR_RETURN(
        const auto authority,
        crypto::CertificateAuthority::create(
            "bench authority", crypto::SigningKeyPair::from_seed(random_.secret_key())));
    roots_ = {authority.certificate()};
    devices_.reserve(setting_.devices);
    for (DeviceHandle handle = 0; handle < setting_.devices; ++handle) {
      Device device{
          crypto::SigningKeyPair::from_seed(random_.secret_key()), nullptr, {}, {}, 0, {}, 0, 0};
      COVEY_ASSIGN_OR_RETURN(auto verifier, crypto::CertificateVerifier::create(roots_));
      device.verifier = std::make_unique<MeteredVerifier>(std::move(verifier));
      devices_.push_back(std::move(device));
      COVEY_RETURN_IF_ERROR(start(handle, authority));
    }
    return {};
  }

  Status start(DeviceHandle handle, const crypto::CertificateAuthority& authority) {
    Device& device = devices_[handle];
    COVEY_ASSIGN_OR_RETURN(const Bytes certificate,
                           authority.issue_device("device-" + std::to_string(handle),
                                                  device.key.public_key(), handle + 1));
    ClientOptions options;
    options.context = context_;
    options.policy.minimum_devices = 2;
    options.policy.minimum_survivors = 2;
    options.policy.corrupt_fraction = setting_.corrupt;
    options.policy.coordinator_may_lie = !setting_.curious;
    options.signing_key = &device.key;
    options.certificate_chain = authority.chain_for(certificate);
    options.verifier = device.verifier.get();
    options.update = &update_;
    options.mask_path = setting_.path;
    return on_device(handle, [&]() -> Status {
      COVEY_ASSIGN_OR_RETURN(auto session,
                             ClientSession::create(std::move(options), device.ledger, random_));
      device.session.emplace(std::move(session));
      return {};
    });
  }

  Status make_coordinator() {
    COVEY_ASSIGN_OR_RETURN(auto verifier, crypto::CertificateVerifier::create(roots_));
    verifier_ = std::make_unique<MeteredVerifier>(std::move(verifier));
    CoordinatorOptions options;
    options.context = context_;
    options.maximum_devices = setting_.devices;
    options.verifier = verifier_.get();
    options.mask_path = setting_.path;
    options.staging_bytes = 0;  // devices send one after another here
    options.requirements.corrupt_fraction = setting_.corrupt;
    options.requirements.dropout_fraction = setting_.drop;
    options.requirements.coordinator =
        setting_.curious ? Coordinator::kCurious : Coordinator::kLying;
    options.requirements.graph = setting_.sparse ? Graph::kSparse : Graph::kComplete;
    if (setting_.fixed) options.fixed = setting_.fixed;
    const OpenAccount account(&coordinator_account_);
    COVEY_ASSIGN_OR_RETURN(auto session, CoordinatorSession::create(std::move(options)));
    coordinator_.emplace(std::move(session));
    return {};
  }

  bool stays(DeviceHandle handle) const {
    const auto leaving = static_cast<DeviceHandle>(std::lround(setting_.drop * setting_.devices));
    return handle < setting_.devices - leaving;
  }

  // Runs `call` as the device's work: timed, metered and, for one device, with its memory booked.
  template <typename Call>
  std::invoke_result_t<Call> on_device(DeviceHandle handle, Call&& call) {
    Device& device = devices_[handle];
    const OpenAccount account(handle == 0 ? &device_account_ : nullptr);
    take_public_key_use();
    const double start = thread_cpu_seconds();
    auto result = call();
    device.cpu_seconds += thread_cpu_seconds() - start;
    device.public_key += take_public_key_use();
    return result;
  }

  template <typename Call>
  std::invoke_result_t<Call> coordinate(Call&& call) {
    const OpenAccount account(&coordinator_account_);
    const auto step = static_cast<std::size_t>(coordinator_->step());
    take_public_key_use();
    const double start = thread_cpu_seconds();
    auto result = call();
    const double seconds = thread_cpu_seconds() - start;
    book(step, seconds, take_public_key_use());
    return result;
  }

  void book(std::size_t step, double seconds, const PublicKeyUse& use) {
    out_.coordinator_public_key += use;
    if (step < kSteps) out_.coordinator_cpu_ms[step] += 1e3 * (seconds - use.seconds);
  }

  // A message from a device, copied as a network would, on the coordinator's account.
  void to_coordinator(DeviceHandle handle, const Bytes& message) {
    devices_[handle].bytes_up += message.size();
    Bytes received;
    {
      const OpenAccount account(&coordinator_account_);
      received = message;
    }
    coordinate([&] { return coordinator_->receive(handle, std::move(received)); });
  }

  void act(DeviceHandle handle, const std::vector<ClientEffect>& effects) {
    Device& device = devices_[handle];
    for (const ClientEffect& effect : effects) {
      if (const auto* send = std::get_if<client_effect::Send>(&effect)) {
        to_coordinator(handle, send->message);
      } else if (std::holds_alternative<client_effect::SendMaskedInput>(effect)) {
        for (std::uint32_t i = 0; i < device.session->chunk_count(); ++i) {
          const auto chunk = on_device(handle, [&] { return device.session->masked_chunk(i); });
          if (chunk) to_coordinator(handle, *chunk);
        }
      }
    }
  }

  void advertise(DeviceHandle handle) {
    act(handle, on_device(handle, [&] { return devices_[handle].session->start(); }));
  }

  // Gives every device in question its message of `step`, and the coordinator the answers.
  template <typename Who>
  void exchange(CoordinatorStep step, Who&& who) {
    for (DeviceHandle handle = 0; handle < devices_.size(); ++handle) {
      if (!who(handle) || coordinator_->step() != step) continue;
      Bytes received;
      {
        const auto message = coordinate([&] { return coordinator_->message_for(handle); });
        if (!message) continue;
        devices_[handle].bytes_down += message->size();
        const OpenAccount account(handle == 0 ? &device_account_ : nullptr);
        received = *message;
      }
      const auto effects =
          on_device(handle, [&] { return devices_[handle].session->receive(received); });
      received = {};
      act(handle, effects);
    }
  }

  // One slice of the coordinator's work, on the threads that the setting gives.
  void expand() {
    const std::size_t parts = coordinator_->work_parts();
    if (setting_.threads == 1) {
      coordinate([&] {
        for (std::size_t part = 0; part < parts; ++part) coordinator_->run_part(part);
        return coordinator_->work_done();
      });
      return;
    }
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < setting_.threads; ++i) {
        threads.emplace_back([&] {
          const double start = thread_cpu_seconds();
          for (std::size_t part = next++; part < parts; part = next++) coordinator_->run_part(part);
          const double seconds = thread_cpu_seconds() - start;
          const std::scoped_lock lock(mutex);
          book(static_cast<std::size_t>(CoordinatorStep::kExpand), seconds, take_public_key_use());
        });
      }
    }
    coordinate([&] { return coordinator_->work_done(); });
  }

  void sample_evp() { evp_samples_.push_back(keystream_.gb_per_s(kEvpSampleBytes)); }

  // The plain twin: every survivor has the same update.
  bool is_right() const {
    ring::RingVector expected = update_;
    const std::uint64_t survivors = out_.survivors;
    std::visit(
        [&]<typename Lane>(std::vector<Lane>& lanes) {
          for (Lane& lane : lanes) lane = static_cast<Lane>(lane * survivors);
        },
        expected.elements);
    for (std::uint64_t& counter : expected.counters) counter *= survivors;
    expected.reduce(setting_.bits);
    return coordinator_->sum() == expected;
  }

  void report() {
    out_.parameters = *coordinator_->parameters();
    out_.survivors = static_cast<std::uint32_t>(coordinator_->survivors().size());
    out_.sum_is_right = is_right();
    for (DeviceHandle handle = 0; handle < devices_.size(); ++handle) {
      const Device& device = devices_[handle];
      if (!stays(handle)) continue;
      out_.device_cpu_ms.push_back(1e3 * (device.cpu_seconds - device.public_key.seconds));
      out_.device_public_key_ms.push_back(1e3 * device.public_key.seconds);
      out_.device_public_key = device.public_key;
      out_.bytes_up = std::max(out_.bytes_up, device.bytes_up);
      out_.bytes_down = std::max(out_.bytes_down, device.bytes_down);
    }
    out_.coordinator_public_key_ms = 1e3 * out_.coordinator_public_key.seconds;
    count_masks();
    const std::uint64_t lane_bytes = ring::lane_bits(setting_.bits) / 8;
    out_.mask_bytes = lane_bytes * setting_.length + std::uint64_t{8} * kCounters;
    out_.evp_gb_per_s = median(evp_samples_);
    out_.packed_vector_bytes = VectorLayout(context_.shape).total_bytes();
    out_.device_peak_bytes = device_account_.peak_bytes;
    out_.coordinator_peak_bytes = coordinator_account_.peak_bytes;
    out_.accumulator_bytes = out_.mask_bytes;
    out_.edges = std::uint64_t{out_.parameters.devices} * out_.parameters.degree / 2;
  }

  void count_masks() {
    const NeighbourGraph graph(out_.parameters);
    for (Position position = 0; position < graph.devices(); ++position) {
      if (stays(*coordinator_->device_at(position))) {
        ++out_.coordinator_masks;  // its self-mask
        continue;
      }
      for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
        const Position other = graph.neighbour(position, slot);
        if (stays(*coordinator_->device_at(other))) ++out_.coordinator_masks;
      }
    }
    out_.device_masks = std::uint64_t{graph.degree()} + 1;
  }

  SecaggSetting setting_;
  SecaggRun out_;
  crypto::SystemRandom random_;
  GroupContext context_;
  ring::RingVector update_;
  std::vector<Bytes> roots_;
  // The accounts stand before what is booked on them, so that they end after it.
  MemoryAccount device_account_;
  MemoryAccount coordinator_account_;
  std::vector<Device> devices_;
  std::unique_ptr<MeteredVerifier> verifier_;
  std::optional<CoordinatorSession> coordinator_;
  EvpKeystream keystream_;
  std::vector<double> evp_samples_;
};

}  // namespace

double SecaggRun::coordinator_total_ms() const {
  double total = 0;
  for (const double step : coordinator_cpu_ms) total += step;
  return total;
}

double SecaggRun::device_evp_ms() const {
  return static_cast<double>(device_masks * mask_bytes) / evp_gb_per_s / 1e6;
}

double SecaggRun::coordinator_evp_ms() const {
  return static_cast<double>(coordinator_masks * mask_bytes) / evp_gb_per_s / 1e6;
}

double SecaggRun::coordinator_bytes_per_edge() const {
  const std::size_t known = accumulator_bytes + packed_vector_bytes;
  return (static_cast<double>(coordinator_peak_bytes) - static_cast<double>(known)) /
         static_cast<double>(edges);
}

SecaggRun run_secagg(const SecaggSetting& setting) { return Run(setting).result(); }

}  // namespace covey::bench
