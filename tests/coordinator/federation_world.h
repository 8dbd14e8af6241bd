#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "covey/client/agent.h"
#include "covey/coordinator/federation_host.h"
#include "support/adding_trainer.h"
#include "support/memory_storage.h"

namespace covey::testing {

// The coordinator as devices see it: there, or down. Thread-safe.
class Line {
 public:
  void connect(std::shared_ptr<coordinator::FederationHost> host) {
    const std::lock_guard lock(mutex_);
    host_ = std::move(host);
  }
  std::shared_ptr<coordinator::FederationHost> host() const {  // shared with the calls under way
    const std::lock_guard lock(mutex_);
    return host_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<coordinator::FederationHost> host_;
};

struct FederationWorldOptions {
  std::size_t devices = 4;
  std::chrono::milliseconds hold{300};
};

// A coordinator with its store on disk and agents with threads of their own, in one process, over
// function calls. The coordinator can be stopped, and started again from what is on disk.
class FederationWorld {
 public:
  explicit FederationWorld(FederationWorldOptions options = {});
  ~FederationWorld();
  FederationWorld(const FederationWorld&) = delete;

  void start_coordinator();
  void stop_coordinator();
  std::atomic<bool> is_disk_full = false;
  coordinator::FederationHost& host() { return *host_; }

  Bytes first_model() const;  // zeros
  Result<coordinator::TaskRecord> submit(const std::string& task_file);
  std::vector<float> current_values(const std::string& task);  // of the current model, flat
  void start_agents();
  client::Agent& agent(std::size_t device) { return *devices_[device]->agent; }
  void restart_agent(std::size_t device);  // from its storage
  void stop_agents();

  // Asks until `is_so`; false after a minute.
  bool wait_until(const std::function<bool()>& is_so);
  coordinator::TaskRecord task(const std::string& name);
  bool wait_for(const std::string& task, coordinator::TaskState state);

  // The answer of an asynchronous call.
  template <typename T, typename Call>
  static Result<T> ask(const Call& call);

 private:
  class DirectTransport;
  struct Device {
    std::string name;
    std::optional<crypto::SigningKeyPair> key;
    Bytes chain;
    std::unique_ptr<MemoryStorage> storage;
    std::unique_ptr<AddingTrainer> trainer;
    std::unique_ptr<client::Transport> transport;
    std::unique_ptr<client::Agent> agent;
  };

  client::AgentOptions agent_options(const Device& device) const;
  void make_agent(Device& device);

  FederationWorldOptions options_;
  std::filesystem::path folder_;
  ring::Manifest manifest_;
  std::optional<crypto::CertificateAuthority> authority_;
  std::optional<crypto::SigningKeyPair> coordinator_key_;
  Line line_;
  client::AlwaysConditions conditions_;
  std::shared_ptr<coordinator::FederationHost> host_;  // with the line
  std::vector<std::unique_ptr<Device>> devices_;
};

template <typename T, typename Call>
Result<T> FederationWorld::ask(const Call& call) {
  std::mutex mutex;
  std::condition_variable has_come;
  std::optional<Result<T>> answer;
  call([&](Result<T> result) {
    const std::lock_guard lock(mutex);
    answer.emplace(std::move(result));
    has_come.notify_one();
  });
  std::unique_lock lock(mutex);
  has_come.wait(lock, [&] { return answer.has_value(); });
  return std::move(*answer);
}

}  // namespace covey::testing
