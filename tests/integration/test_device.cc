#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <deque>
#include <map>
#include <vector>

#include "client/app/halting_transport.h"
#include "covey/client/file_storage.h"
#include "integration/identity.h"
#include "support/adding_trainer.h"

// A device of the integration tests: a whole agent over gRPC with its state on disk, which adds a
// constant instead of learning, and which halts where it is told to.
namespace covey::testing {
namespace {

using client::HaltPoint;

// `--name value`, some of them several times:
//   --pki DIR --name NAME   who it is: of a development authority
//   --state DIR --address HOST:PORT
//   --parameters N          of the model; --step X is added to each, --examples N is its weight
//   --die-at ROUND:MESSAGE, --stop-at ROUND:MESSAGE   SIGKILL or SIGSTOP for itself before it sends
//                           this message; message 0 is the training
using Flags = std::multimap<std::string, std::string>;

const std::string& flag(const Flags& flags, const std::string& name) {
  const auto found = flags.find(name);
  COVEY_CHECK(found != flags.end());  // only the tests start this
  return found->second;
}

std::vector<HaltPoint> halt_points(const Flags& flags) {
  std::vector<HaltPoint> points;
  for (const auto& [name, text] : flags) {
    if (name != "--die-at" && name != "--stop-at") continue;
    const std::uint64_t message = std::stoull(text.substr(text.find(':') + 1));
    points.push_back({std::stoull(text), message, name == "--die-at" ? SIGKILL : SIGSTOP});
  }
  return points;
}

class HaltingTrainer final : public client::Trainer {
 public:
  HaltingTrainer(client::Trainer& trainer, std::vector<HaltPoint> points)
      : trainer_(trainer), points_(std::move(points)) {}
  const ring::Manifest& manifest() const override { return trainer_.manifest(); }
  Result<client::TrainingReport> run(const client::TrainingJob& job, model::Model& model) override {
    for (const HaltPoint& point : points_) {
      if (point.message == 0 && point.round == job.round) std::raise(point.signal);
    }
    return trainer_.run(job, model);
  }

 private:
  client::Trainer& trainer_;
  const std::vector<HaltPoint> points_;
};

void say(const client::AgentStatus& status) {
  std::fprintf(stderr, "%s, %s", std::string(name_of(status.state)).c_str(),
               std::string(name_of(status.activity)).c_str());
  if (status.round) {
    std::fprintf(stderr, " (%s round %llu)", status.round->task.c_str(),
                 static_cast<unsigned long long>(status.round->round));
  }
  std::fprintf(stderr, "%s%s\n", status.last_error ? "; last error: " : "",
               status.last_error ? status.last_error->message.c_str() : "");
}

Status run(const Flags& flags) {
  sigset_t signals;  // before any thread, so that all of them leave signals to this one
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const std::string& pki = flag(flags, "--pki");
  const std::string& name = flag(flags, "--name");
  const auto points = halt_points(flags);
  AddingTrainer adding(flat_manifest(std::stoull(flag(flags, "--parameters"))),
                       std::stof(flag(flags, "--step")), std::stoull(flag(flags, "--examples")));
  HaltingTrainer trainer(adding, points);
  COVEY_ASSIGN_OR_RETURN(const auto connection,
                         client::GrpcTransport::create(
                             transport_options(flag(flags, "--address"), tls_identity(pki, name))));
  client::Transport* transport = connection.get();
  std::deque<client::HaltingTransport> halting;
  for (const HaltPoint& point : points) transport = &halting.emplace_back(*transport, point);
  COVEY_ASSIGN_OR_RETURN(auto storage, client::FileStorage::open(flag(flags, "--state")));
  client::AlwaysConditions conditions;
  client::AgentOptions options = agent_options(pki, name);
  options.observer = say;
  COVEY_ASSIGN_OR_RETURN(auto agent, client::Agent::create(std::move(options), trainer, *transport,
                                                           storage, conditions));
  COVEY_RETURN_IF_ERROR(agent.start());
  int signal = 0;
  sigwait(&signals, &signal);
  agent.stop();
  agent.join();
  return {};
}

int main_with(int count, char** arguments) {
  Flags flags;
  for (int i = 1; i + 1 < count; i += 2) flags.emplace(arguments[i], arguments[i + 1]);
  const Status status = run(flags);
  if (status) return 0;
  std::fprintf(stderr, "covey-test-device: %s\n", status.error().message.c_str());
  return 1;
}

}  // namespace
}  // namespace covey::testing

int main(int count, char** arguments) { return covey::testing::main_with(count, arguments); }
