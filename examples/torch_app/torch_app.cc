// A device app with a network and data of its own: see README.md.
#include <semaphore.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "covey/client/agent.h"
#include "covey/client/file_storage.h"
#include "covey/client/grpc/grpc_transport.h"
#include "covey/client/torch/torch_trainer.h"
#include "covey/crypto/pem.h"

namespace {

using namespace covey;

constexpr std::int64_t kSamples = 64;  // of one second

// Sound, or worn?
struct BearingNetImpl : torch::nn::Module {
  torch::Tensor forward(const torch::Tensor& seconds) {
    return head(torch::relu(filter(seconds)).mean(2));
  }
  torch::nn::Conv1d filter = register_module("filter", torch::nn::Conv1d(1, 8, 9));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(8, 2));
};

client::TorchNetwork make_network() {
  return client::network_of(std::make_shared<BearingNetImpl>());
}

sem_t stopped;  // the one thing of POSIX that a signal handler may post and a thread wait for

// Stands for what the device's sensor recorded: a worn bearing hums at five times the shaft's rate.
client::TorchData recorded(std::int64_t count, std::int64_t held_out) {
  const torch::Tensor worn = torch::randint(0, 2, {count}, torch::kInt64);
  const torch::Tensor time = torch::linspace(0, 6.28, kSamples) + torch::rand({count, 1});
  const torch::Tensor hum = worn.to(torch::kFloat32).unsqueeze(1) * torch::sin(5 * time) * 0.4;
  const torch::Tensor seconds = torch::sin(time) + hum + 0.3 * torch::randn({count, kSamples});
  const torch::Tensor features = seconds.unsqueeze(1);
  return {features.slice(0, held_out), worn.slice(0, held_out), features.slice(0, 0, held_out),
          worn.slice(0, 0, held_out)};
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ErrorCode::kNotFound, "'" + path + "' cannot be read"};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Status write_model(const std::string& path) {
  COVEY_ASSIGN_OR_RETURN(const model::Model model, client::model_of(make_network()));
  const Bytes file = model::write_model(model);
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  if (!out.flush()) return Error{ErrorCode::kUnavailable, "'" + path + "' cannot be written"};
  return {};
}

// Until SIGINT or SIGTERM.
Status take_part(const std::string& folder, const std::string& target, const std::string& name) {
  COVEY_ASSIGN_OR_RETURN(const std::string authority, read_text(folder + "/authority.pem"));
  COVEY_ASSIGN_OR_RETURN(const std::string certificate, read_text(folder + "/device.pem"));
  COVEY_ASSIGN_OR_RETURN(const std::string key, read_text(folder + "/device.key"));

  client::GrpcTransportOptions connection;
  connection.target = target;
  connection.coordinator_name = name;
  connection.tls = channel::TlsIdentity{authority, certificate, SecretBytes(view_of(key))};
  COVEY_ASSIGN_OR_RETURN(const auto transport,
                         client::GrpcTransport::create(std::move(connection)));
  COVEY_ASSIGN_OR_RETURN(const auto trainer,
                         client::TorchTrainer::create(make_network, recorded(500, 100)));
  COVEY_ASSIGN_OR_RETURN(client::FileStorage storage, client::FileStorage::open(folder + "/state"));

  client::AgentOptions options;
  COVEY_ASSIGN_OR_RETURN(options.signing_key, crypto::private_key_from_pem(key));
  COVEY_ASSIGN_OR_RETURN(options.certificate_chain, crypto::certificates_from_pem(certificate));
  COVEY_ASSIGN_OR_RETURN(options.trusted_roots, crypto::split_certificates_from_pem(authority));
  client::AlwaysConditions conditions;
  COVEY_ASSIGN_OR_RETURN(
      client::Agent agent,
      client::Agent::create(std::move(options), *trainer, *transport, storage, conditions));
  COVEY_RETURN_IF_ERROR(agent.start());
  std::signal(SIGINT, [](int) { sem_post(&stopped); });
  std::signal(SIGTERM, [](int) { sem_post(&stopped); });
  while (sem_wait(&stopped) != 0) {
  }  // interrupted by the signal's handler
  agent.stop();
  agent.join();
  std::printf("contributed to %llu rounds\n",
              static_cast<unsigned long long>(agent.status().rounds_contributed));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  sem_init(&stopped, 0, 0);
  const std::string first = argc > 1 ? argv[1] : "";
  const bool writes = argc == 3 && first == "--write-model";
  if (!writes && argc != 4) {
    std::fprintf(stderr,
                 "usage: example-torch-app --write-model FILE\n"
                 "       example-torch-app FOLDER HOST:PORT COORDINATOR\n");
    return 2;
  }
  const Status done = writes ? write_model(argv[2]) : take_part(first, argv[2], argv[3]);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().to_string().c_str());
  return 1;
}
