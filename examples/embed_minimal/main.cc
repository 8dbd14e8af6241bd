// From nothing to a running device: an identity, a policy, a trainer, a transport, a storage, and
// the agent that brings them together.
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "covey/aggregation/model/safetensors.h"
#include "covey/client/agent.h"
#include "covey/client/file_storage.h"
#include "demo_identity.h"
#include "linear_trainer.h"
#include "loopback_transport.h"

namespace {

using namespace covey;

constexpr std::size_t kFeatures = 2;
constexpr const char* kTask = "line";

// The device's own data: y = 2a - b + 1. It never leaves the device.
std::vector<LinearTrainer::Example> own_data() {
  std::vector<LinearTrainer::Example> data;
  for (int i = 0; i < 64; ++i) {
    const float a = static_cast<float>(i % 8) / 8;
    const float b = static_cast<float>(i / 8) / 8;
    data.push_back({{a, b}, 2 * a - b + 1});
  }
  return data;
}

// What a coordinator's operator writes, and a device fetches.
plan::Plan plan_of_the_task() {
  plan::Plan plan;
  plan.task = kTask;
  plan.model = "linear";
  plan.manifest = LinearTrainer::manifest_of(kFeatures);
  plan.train.loss = plan::Loss::kMeanSquared;
  plan.train.epochs = 5;
  plan.codec.max_devices = 100;
  plan.codec.max_weight = 1000;
  plan.codec.metrics = 1;
  plan.metrics = {"loss"};
  return plan;
}

client::AgentOptions options() {
  client::AgentOptions options;
  options.task = kTask;
  options.signing_key = crypto::SigningKeyPair::from_seed(demo_identity::signing_seed());
  options.certificate_chain = demo_identity::certificate_chain();
  options.trusted_roots = {demo_identity::trusted_root()};
  // Whatever a coordinator asks for, this device never takes part in a smaller sum.
  options.policy.privacy.minimum_devices = 10;
  options.policy.privacy.minimum_survivors = 5;
  options.policy.max_rounds_a_day = 1000;
  return options;
}

Status run(const std::string& folder) {
  LinearTrainer trainer(kFeatures, own_data());
  LoopbackTransport transport(kTask, plan_of_the_task().to_bytes(),
                              model::write_model(model::Model::zeros(trainer.manifest())));
  COVEY_ASSIGN_OR_RETURN(client::FileStorage storage, client::FileStorage::open(folder));
  client::AlwaysConditions conditions;  // an app asks for power and an unmetered network here

  std::mutex mutex;
  std::condition_variable changed;
  bool is_over = false;
  client::AgentOptions agent_options = options();
  agent_options.observer = [&](const client::AgentStatus& status) {
    std::printf("%s, %s%s%s\n", std::string(name_of(status.state)).c_str(),
                std::string(name_of(status.activity)).c_str(), status.last_error ? ": " : "",
                status.last_error ? status.last_error->message.c_str() : "");
    const std::lock_guard lock(mutex);
    is_over = status.rounds_ended > 0 || status.state == client::AgentState::kFailed;
    changed.notify_all();
  };
  COVEY_ASSIGN_OR_RETURN(
      client::Agent agent,
      client::Agent::create(std::move(agent_options), trainer, transport, storage, conditions));
  COVEY_RETURN_IF_ERROR(agent.start());
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_over; });
  }
  agent.stop();
  agent.join();

  const auto receipts = agent.receipts();
  for (const client::Receipt& receipt : receipts) {
    std::printf("receipt: %s\n", receipt.to_string().c_str());
  }
  if (receipts.empty() || receipts.back().outcome != client::RoundOutcome::kAborted) {
    return invalid_argument("expected a round that was aborted for want of other devices");
  }
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  const Status status = run(count > 1 ? arguments[1] : "embed-minimal-storage");
  if (!status) std::fprintf(stderr, "%s\n", status.error().to_string().c_str());
  return status ? 0 : 1;
}
