#include "client/app/device.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>

#include "client/app/local_data.h"
#include "covey/client/agent.h"
#include "covey/client/file_storage.h"
#include "covey/client/grpc/grpc_transport.h"
#include "covey/client/torch/models.h"
#include "covey/crypto/pem.h"
#include "covey/settings/text_file.h"

namespace covey::client {
namespace {

constexpr const char* kAdvice =
    "`covey pki request` makes a device's key, `covey pki issue` its certificate";

struct Identity {
  channel::TlsIdentity tls;
  std::optional<crypto::SigningKeyPair> key;
  Bytes chain;
  std::vector<Bytes> roots;
  std::vector<Bytes> revocation_lists;
  std::vector<std::string> revocation_lists_pem;  // the same
};

Result<Identity> read_identity(const DeviceConfig& config) {
  Identity identity;
  COVEY_ASSIGN_OR_RETURN(identity.tls.private_key_pem,
                         settings::read_secret_file("identity.key", config.key, kAdvice));
  COVEY_ASSIGN_OR_RETURN(
      identity.key, crypto::private_key_from_pem(text_of(identity.tls.private_key_pem.reveal())));
  COVEY_ASSIGN_OR_RETURN(
      identity.tls.certificate_pem,
      settings::read_text_file("identity.certificate", config.certificate, kAdvice));
  COVEY_ASSIGN_OR_RETURN(identity.tls.authorities_pem,
                         settings::read_text_file("identity.authority", config.authority, kAdvice));
  COVEY_ASSIGN_OR_RETURN(identity.chain,
                         crypto::certificates_from_pem(identity.tls.certificate_pem));
  COVEY_ASSIGN_OR_RETURN(identity.roots,
                         crypto::split_certificates_from_pem(identity.tls.authorities_pem));
  if (!config.revoked.empty()) {
    COVEY_ASSIGN_OR_RETURN(const std::string list,
                           settings::read_text_file("identity.revoked", config.revoked, kAdvice));
    COVEY_ASSIGN_OR_RETURN(Bytes revoked, crypto::revocations_from_pem(list));
    identity.revocation_lists.push_back(std::move(revoked));
    identity.revocation_lists_pem.push_back(list);
  }
  return identity;
}

void say(const std::string& text) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char stamp[32];
  std::strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &local);
  std::fprintf(stderr, "%s %s\n", stamp, text.c_str());
}

// Says what has changed since the last call. Called from the agent's thread only.
class Narrator {
 public:
  void operator()(const AgentStatus& status) {
    std::string text(name_of(status.state));
    if (status.state == AgentState::kRunning) text = name_of(status.activity);
    if (status.state == AgentState::kWaitingForConditions) text += ": " + status.waiting_for;
    if (status.round) {
      text += " (" + status.round->task + " round " + std::to_string(status.round->round) + ")";
    }
    if (text != last_) say(last_ = text);
    if (status.last_error && status.last_error->message != last_error_) {
      say("error: " + (last_error_ = status.last_error->message));
    }
  }

 private:
  std::string last_;
  std::string last_error_;
};

Result<std::unique_ptr<GrpcTransport>> connect(const DeviceConfig& config, const DeviceFlags& flags,
                                               Identity& identity) {
  GrpcTransportOptions options;
  options.target = flags.address.empty() ? config.address : flags.address;
  if (flags.insecure_name.empty()) {
    options.tls = std::move(identity.tls);
    options.revocation_lists = std::move(identity.revocation_lists_pem);
    options.coordinator_name = config.coordinator_name;
  } else {
    options.insecure_name = flags.insecure_name;
  }
  return GrpcTransport::create(std::move(options));
}

int stop_pipe[2] = {-1, -1};

extern "C" void ask_to_stop(int) {
  const int before = errno;
  const char byte = 0;
  static_cast<void>(!write(stop_pipe[1], &byte, 1));  // a full pipe says it already
  errno = before;
}

// SIGTERM and SIGINT ask to stop. By a handler and not by a mask: LibTorch's libraries have threads
// before `main` begins, and a signal may go to any of them.
Status catch_signals() {
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  action.sa_flags = SA_RESTART;
  if (pipe2(stop_pipe, O_CLOEXEC) == 0 && sigaction(SIGTERM, &action, nullptr) == 0 &&
      sigaction(SIGINT, &action, nullptr) == 0) {
    return {};
  }
  return Error{ErrorCode::kResourceExhausted, "the system has no room to wait for signals"};
}

void wait_for_signal() {
  char byte = 0;
  while (read(stop_pipe[0], &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace

Status run_device(const DeviceConfig& config, const DeviceFlags& flags) {
  COVEY_RETURN_IF_ERROR(catch_signals());
  COVEY_ASSIGN_OR_RETURN(Identity identity, read_identity(config));
  COVEY_ASSIGN_OR_RETURN(const auto transport, connect(config, flags, identity));
  COVEY_ASSIGN_OR_RETURN(FileStorage storage, FileStorage::open(config.state));
  COVEY_ASSIGN_OR_RETURN(LocalData data, load_local_data(config));
  COVEY_ASSIGN_OR_RETURN(const auto trainer, make_trainer(config.model));
  COVEY_RETURN_IF_ERROR(trainer->set_examples(std::move(data.train), std::move(data.held_out)));
  AlwaysConditions conditions;
  std::optional<HaltingTransport> halting;
  if (flags.halt) halting.emplace(*transport, *flags.halt);

  AgentOptions options;
  options.task = config.task;
  options.properties = config.properties;
  options.policy = config.policy;
  options.signing_key = std::move(identity.key);
  options.certificate_chain = std::move(identity.chain);
  options.trusted_roots = std::move(identity.roots);
  options.revocation_lists = std::move(identity.revocation_lists);
  if (!flags.is_quiet) options.observer = Narrator();
  COVEY_ASSIGN_OR_RETURN(
      Agent agent,
      Agent::create(std::move(options), *trainer,
                    halting ? static_cast<Transport&>(*halting) : *transport, storage, conditions));
  COVEY_RETURN_IF_ERROR(agent.start());
  wait_for_signal();
  agent.stop();
  agent.join();
  return {};
}

Status print_receipts(const DeviceConfig& config) {
  COVEY_ASSIGN_OR_RETURN(FileStorage storage, FileStorage::open(config.state));
  COVEY_ASSIGN_OR_RETURN(const auto receipts, stored_receipts(storage));
  for (const Receipt& receipt : receipts) std::printf("%s\n", receipt.to_string().c_str());
  if (receipts.empty()) std::printf("this device has taken part in no round yet\n");
  return {};
}

}  // namespace covey::client
