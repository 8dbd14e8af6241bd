#pragma once

#include <functional>
#include <memory>

#include "covey/aggregation/secagg/identity.h"
#include "covey/coordinator/federation.h"
#include "covey/crypto/random.h"

namespace covey::coordinator {

struct HostOptions {
  std::string version;                 // of the program, for `covey status`
  crypto::SigningKeyPair signing_key;  // the coordinator's own: signs the audit log
  std::unique_ptr<secagg::IdentityVerifier> certificates;  // of devices
  std::function<void(const LogLine&)> log_sink;            // from any thread, one line at a time
  std::size_t worker_threads = 0;                        // for unmasking and merging; 0: one a core
  std::size_t bytes_in_flight = std::size_t{256} << 20;  // of requests that wait
  std::size_t calls_per_device = 64;                     // that wait
  std::chrono::milliseconds hold{10'000};  // how long a call waits for something to say
};

// The coordinator: the tasks, their rounds and what they keep, behind the calls of devices and of
// the operator. One thread owns all state and handles calls in batches; a batch's answers leave
// after one commit of the store; arithmetic runs on a pool beside it. Thread-safe.
class FederationHost : public DeviceApi, public AdminApi {
 public:
  // Takes up every task where the store has it, open rounds too.
  static Result<std::unique_ptr<FederationHost>> open(HostOptions options,
                                                      std::unique_ptr<Store> store);
  // Starts no more rounds, lets go of held calls, and returns when all state is durable. Calls that
  // come later are answered with kUnavailable.
  virtual void stop() = 0;
};

}  // namespace covey::coordinator
