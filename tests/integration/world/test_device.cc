#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "client/app/halting_transport.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/client/file_storage.h"
#include "covey/crypto/pem.h"
#include "integration/world/dying_device.h"
#include "integration/world/identity.h"
#include "integration/world/process.h"
#include "integration/world/stepping_transport.h"
#include "support/adding_trainer.h"

// A device of the integration tests: a whole agent over gRPC with its state on disk, which adds a
// constant instead of learning, and which halts where it is told to.
namespace covey::testing {
namespace {

using client::HaltPoint;

// For how long a coordinator holds calls: FederationOptions::hold.
constexpr federation::Milliseconds kCoordinatorHold{10'000};

// `--name value`; the last one counts, but for those that may be given several times:
//   --pki DIR --name NAME   who it is: of a development authority
//   --state DIR --address HOST:PORT
//   --parameters N          of the model; --step X is added to each, --examples N is its weight
//   --model FILE            a model of this form, instead
//   --minimum-devices N --minimum-survivors N --corrupt-fraction X   the policy, against a lying
//                           coordinator; --task NAME, several times: those that it allows
//   --revoked FILE          the authority's list
//   --die-at ROUND:MESSAGE, --stop-at ROUND:MESSAGE   SIGKILL or SIGSTOP for itself before it sends
//                           this message; message 0 is the training
//   --die-at-instant INSTANT:N   SIGKILL at the n-th time, of those that --print-instants alone
//                                prints
//   --fail-training ROUND   the training of this round fails
//   --stop-before-calls 1   SIGSTOP before every call, see stepping_transport.h
//   --idle-ms N             it gives up what does not get on for so long
//   --insecure-name NAME    it speaks without TLS, and says that this is its name
//   --loss X                what it says its loss is, instead of 0.5
using Flags = std::multimap<std::string, std::string>;

const std::string& flag(const Flags& flags, const std::string& name) {
  COVEY_CHECK(flags.contains(name));                  // only the tests start this
  return std::prev(flags.upper_bound(name))->second;  // the last one
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

ring::Manifest manifest_of(const Flags& flags) {
  if (!flags.contains("--model")) return flat_manifest(std::stoull(flag(flags, "--parameters")));
  const std::string file = read_text(flag(flags, "--model"));
  return model::read_manifest(view_of(file), model::default_role).value();
}

void set_policy(const Flags& flags, client::AgentOptions& options) {
  if (flags.contains("--minimum-devices")) {
    secagg::PrivacyPolicy& privacy = options.policy.privacy;
    privacy.minimum_devices =
        static_cast<std::uint32_t>(std::stoul(flag(flags, "--minimum-devices")));
    privacy.minimum_survivors =
        static_cast<std::uint32_t>(std::stoul(flag(flags, "--minimum-survivors")));
    privacy.corrupt_fraction = std::stod(flag(flags, "--corrupt-fraction"));
    privacy.coordinator_may_lie = true;
  }
  for (const auto& [name, text] : flags) {
    if (name == "--task") options.policy.allowed_tasks.push_back(text);
  }
  if (!flags.contains("--revoked")) return;
  const std::string list = read_text(flag(flags, "--revoked"));
  options.revocation_lists.push_back(crypto::revocations_from_pem(list).value());
}

class HaltingTrainer final : public client::Trainer {
 public:
  HaltingTrainer(client::Trainer& trainer, std::vector<HaltPoint> points, std::uint64_t fails_in)
      : trainer_(trainer), points_(std::move(points)), fails_in_(fails_in) {}
  const ring::Manifest& manifest() const override { return trainer_.manifest(); }
  Result<client::TrainingReport> run(const client::TrainingJob& job, model::Model& model) override {
    for (HaltPoint& point : points_) {
      if (point.message != 0 || point.round != job.round) continue;
      point.round = 0;  // which no round has: once
      std::raise(point.signal);
    }
    if (job.round == fails_in_) return Error{ErrorCode::kInternal, "it was told to fail"};
    return trainer_.run(job, model);
  }

 private:
  client::Trainer& trainer_;
  std::vector<HaltPoint> points_;
  const std::uint64_t fails_in_;
};

client::GrpcTransportOptions connection_options(const Flags& flags) {
  const auto identity = tls_identity(flag(flags, "--pki"), flag(flags, "--name"));
  auto options = transport_options(flag(flags, "--address"), identity);
  if (flags.contains("--insecure-name")) {
    options.tls.reset();
    options.insecure_name = flag(flags, "--insecure-name");
  }
  if (flags.contains("--idle-ms")) {
    options.idle = federation::Milliseconds(std::stoll(flag(flags, "--idle-ms")));
    options.hold = kCoordinatorHold;
  }
  return options;
}

// The device's storage and connection, with what may halt it in between.
class Halting {
 public:
  static Result<std::unique_ptr<Halting>> create(const Flags& flags,
                                                 const std::vector<HaltPoint>& points) {
    std::unique_ptr<Halting> halting(new Halting);
    COVEY_ASSIGN_OR_RETURN(halting->connection_,
                           client::GrpcTransport::create(connection_options(flags)));
    COVEY_ASSIGN_OR_RETURN(halting->files_, client::FileStorage::open(flag(flags, "--state")));
    halting->transport_ = halting->connection_.get();
    halting->storage_ = &*halting->files_;
    for (const HaltPoint& point : points) {
      halting->transport_ = &halting->at_messages_.emplace_back(*halting->transport_, point);
    }
    if (flags.contains("--stop-before-calls")) {
      halting->transport_ = &halting->stepping_.emplace(*halting->transport_);
    }
    if (!flags.contains("--die-at-instant")) return halting;
    COVEY_ASSIGN_OR_RETURN(
        const auto point,
        coordinator::DeathPoint::read(flag(flags, "--die-at-instant"), device_operations()));
    halting->fuse_.emplace(point);
    halting->storage_ = &halting->dying_storage_.emplace(*halting->storage_, *halting->fuse_);
    halting->transport_ = &halting->dying_transport_.emplace(*halting->transport_, *halting->fuse_);
    return halting;
  }
  client::Transport& transport() { return *transport_; }
  client::Storage& storage() { return *storage_; }

 private:
  Halting() = default;

  std::unique_ptr<client::GrpcTransport> connection_;
  std::optional<client::FileStorage> files_;
  std::deque<client::HaltingTransport> at_messages_;
  std::optional<SteppingTransport> stepping_;
  std::optional<coordinator::Fuse> fuse_;
  std::optional<DyingStorage> dying_storage_;
  std::optional<DyingTransport> dying_transport_;
  client::Transport* transport_ = nullptr;  // the outermost
  client::Storage* storage_ = nullptr;
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

  const auto points = halt_points(flags);
  AddingTrainer adding(manifest_of(flags), std::stof(flag(flags, "--step")),
                       std::stoull(flag(flags, "--examples")),
                       flags.contains("--loss") ? std::stod(flag(flags, "--loss")) : 0.5);
  HaltingTrainer trainer(
      adding, points,
      flags.contains("--fail-training") ? std::stoull(flag(flags, "--fail-training")) : 0);
  COVEY_ASSIGN_OR_RETURN(const auto halting, Halting::create(flags, points));
  client::AlwaysConditions conditions;
  client::AgentOptions options = agent_options(flag(flags, "--pki"), flag(flags, "--name"));
  options.observer = say;
  set_policy(flags, options);
  COVEY_ASSIGN_OR_RETURN(auto agent,
                         client::Agent::create(std::move(options), trainer, halting->transport(),
                                               halting->storage(), conditions));
  COVEY_RETURN_IF_ERROR(agent.start());
  int signal = 0;
  sigwait(&signals, &signal);
  agent.stop();
  agent.join();
  return {};
}

int main_with(int count, char** arguments) {
  if (count == 2 && arguments[1] == std::string("--print-instants")) {
    for (const std::string& instant : coordinator::instants_of(device_operations())) {
      std::printf("%s\n", instant.c_str());
    }
    return 0;
  }
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
