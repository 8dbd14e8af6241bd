#include "coordinator/federation_world.h"

#include <cstdlib>
#include <thread>

#include "coordinator/full_disk.h"
#include "covey/aggregation/model/safetensors.h"
#include "support/fake_federation.h"

namespace covey::testing {

using namespace coordinator;
using client::Transport;

// Calls the host as the gRPC shell would.
class FederationWorld::DirectTransport final : public Transport {
 public:
  DirectTransport(const Line& line, Peer peer) : line_(line), peer_(std::move(peer)) {}

  Result<federation::CheckInReply> check_in(const federation::CheckInRequest& request) override {
    return call<federation::CheckInReply>(
        [&](auto& host, auto reply) { host.check_in(peer_, request, std::move(reply)); });
  }
  Status fetch(const Digest& blob, std::uint64_t offset,
               const std::function<Status(ByteView)>& sink) override {
    auto reader = call<std::shared_ptr<const BlobReader>>(
        [&](auto& host, auto reply) { host.open_blob(peer_, blob, std::move(reply)); });
    if (!reader) return std::move(reader).error();
    Bytes bytes((*reader)->size_bytes() - offset);
    COVEY_RETURN_IF_ERROR((*reader)->read(offset, bytes));
    return sink(bytes);
  }
  Result<federation::JoinReply> join(const federation::RoundId& round) override {
    return call<federation::JoinReply>(
        [&](auto& host, auto reply) { host.join(peer_, round, std::move(reply)); });
  }
  Result<federation::SendReply> send(const federation::GroupId& group, ByteView message) override {
    return call<federation::SendReply>([&](auto& host, auto reply) {
      host.send(peer_, group, to_bytes(message), std::move(reply));
    });
  }
  Result<federation::ReceiveReply> receive(const federation::ReceiveRequest& request) override {
    return call<federation::ReceiveReply>(
        [&](auto& host, auto reply) { host.receive(peer_, request, std::move(reply)); });
  }
  Status decline(const federation::RoundId& round, federation::DeclineReason reason) override {
    auto done = call<std::monostate>(
        [&](auto& host, auto reply) { host.decline(peer_, round, reason, std::move(reply)); });
    return done ? Status() : Status(std::move(done).error());
  }
  void cancel() override { is_cancelled_ = true; }
  void resume() override { is_cancelled_ = false; }

 private:
  template <typename T, typename Use>
  Result<T> call(const Use& use) {
    const std::shared_ptr<FederationHost> host = line_.host();
    if (is_cancelled_) return Error{ErrorCode::kCancelled, "cancelled"};
    if (!host) return Error{ErrorCode::kUnavailable, "the coordinator is down"};
    return ask<T>([&](Reply<T> reply) { use(*host, std::move(reply)); });
  }

  const Line& line_;
  const Peer peer_;
  std::atomic<bool> is_cancelled_ = false;
};

FederationWorld::FederationWorld(FederationWorldOptions options)
    : options_(options), manifest_(small_manifest()) {
  std::string name = (std::filesystem::temp_directory_path() / "covey-world-XXXXXX").string();
  COVEY_CHECK(::mkdtemp(name.data()) != nullptr);  // or there is nowhere to test
  folder_ = name;
  crypto::SystemRandom random;
  const auto new_key = [&] { return crypto::SigningKeyPair::from_seed(random.secret_key()); };
  authority_.emplace(crypto::CertificateAuthority::create("authority", new_key()).value());
  coordinator_key_.emplace(new_key());
  for (std::size_t i = 0; i < options.devices; ++i) {
    auto device = std::make_unique<Device>();
    device->name = "device-" + std::to_string(i);
    device->key.emplace(new_key());
    const Bytes certificate =
        authority_->issue_device(device->name, device->key->public_key(), i + 1).value();
    device->chain = authority_->chain_for(certificate);
    device->storage = std::make_unique<MemoryStorage>();
    device->trainer =
        std::make_unique<AddingTrainer>(manifest_, 0.01f * static_cast<float>(i + 1), 10 * (i + 1));
    device->transport =
        std::make_unique<DirectTransport>(line_, Peer{device->name, device->key->public_key()});
    devices_.push_back(std::move(device));
  }
}

FederationWorld::~FederationWorld() {
  stop_agents();
  stop_coordinator();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

void FederationWorld::start_coordinator() {
  const std::vector<Bytes> roots{authority_->certificate()};
  auto verifier = crypto::CertificateVerifier::create(roots);
  HostOptions options{"test",
                      coordinator_key_->clone(),
                      std::make_unique<secagg::CertificateIdentityVerifier>(std::move(*verifier)),
                      {}};
  options.worker_threads = 2;
  options.hold = options_.hold;
  auto store = open_store({(folder_ / "state").string(), 0});
  COVEY_CHECK(store.has_value());  // the folder is ours
  auto host = FederationHost::open(std::move(options),
                                   std::make_unique<FullDisk>(std::move(*store), is_disk_full));
  COVEY_CHECK(host.has_value());  // as the store
  host_ = std::move(*host);
  line_.connect(host_);
}

void FederationWorld::stop_coordinator() {
  line_.connect(nullptr);
  if (!host_) return;
  host_->stop();
  // Calls that are just being answered may hold it a moment longer; its store is free when it goes.
  wait_until([this] { return host_.use_count() == 1; });
  host_.reset();
}

Bytes FederationWorld::first_model() const {
  return model::write_model(model::Model::zeros(manifest_));
}

Result<TaskRecord> FederationWorld::submit(const std::string& task_file) {
  auto writer =
      ask<std::unique_ptr<BlobWriter>>([&](auto reply) { host_->upload_blob(std::move(reply)); });
  COVEY_RETURN_IF_ERROR((*writer)->append(first_model()));
  COVEY_ASSIGN_OR_RETURN(const Digest model, (*writer)->finish());
  return ask<TaskRecord>(
      [&](auto reply) { host_->submit_task(task_file, model, std::move(reply)); });
}

std::vector<float> FederationWorld::current_values(const std::string& task) {
  auto reader = ask<std::shared_ptr<const BlobReader>>(
      [&](auto reply) { host_->open_model(task, 0, std::move(reply)); });
  Bytes file((*reader)->size_bytes());
  COVEY_CHECK((*reader)->read(0, file).has_value());  // it is all there
  const auto model = model::read_model(file, manifest_);
  std::vector<float> flat(manifest_.flat_length());
  COVEY_CHECK(ring::load_flat(manifest_, model->views(), flat).has_value());  // of its manifest
  return flat;
}

client::AgentOptions FederationWorld::agent_options(const Device& device) const {
  client::AgentOptions options;
  options.policy = lax_policy();
  options.signing_key = device.key->clone();
  options.certificate_chain = device.chain;
  options.trusted_roots = {authority_->certificate()};
  options.back_off.first = federation::Milliseconds(20);
  options.back_off.most = federation::Milliseconds(200);
  return options;
}

void FederationWorld::make_agent(Device& device) {
  device.transport->resume();
  auto agent = client::Agent::create(agent_options(device), *device.trainer, *device.transport,
                                     *device.storage, conditions_);
  COVEY_CHECK(agent.has_value());  // the options fit together
  device.agent = std::make_unique<client::Agent>(std::move(*agent));
  COVEY_CHECK(device.agent->start().has_value());  // it is new
}

void FederationWorld::start_agents() {
  for (const auto& device : devices_) make_agent(*device);
}

void FederationWorld::restart_agent(std::size_t device) {
  devices_[device]->agent.reset();
  make_agent(*devices_[device]);
}

void FederationWorld::stop_agents() {
  for (const auto& device : devices_) {
    if (device->agent) device->agent->stop();
  }
  for (const auto& device : devices_) device->agent.reset();
}

bool FederationWorld::wait_until(const std::function<bool()>& is_so) {
  for (int i = 0; i < 6'000; ++i) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TaskRecord FederationWorld::task(const std::string& name) {
  auto tasks = ask<std::vector<TaskRecord>>([&](auto reply) { host_->tasks(std::move(reply)); });
  for (TaskRecord& record : *tasks) {
    if (record.name == name) return std::move(record);
  }
  return {};
}

bool FederationWorld::wait_for(const std::string& name, TaskState state) {
  return wait_until([&] { return task(name).state == state; });
}

}  // namespace covey::testing
