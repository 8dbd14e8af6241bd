#pragma once

#include <grpcpp/completion_queue.h>

#include <map>
#include <thread>

#include "covey/aggregation/secagg/identity.h"
#include "covey/crypto/digest.h"
#include "covey/crypto/random.h"

namespace covey::bench {

// What a lane's queue says has ended.
class Completion {
 public:
  virtual ~Completion() = default;
  virtual void completed(bool ok) = 0;
};

// Remembers whose certificates it has verified: the devices of a lane meet the same ones, and what
// is measured is not them.
class RememberingVerifier final : public secagg::IdentityVerifier {
 public:
  explicit RememberingVerifier(crypto::CertificateVerifier verifier)
      : verifier_(std::move(verifier)) {}
  Result<crypto::CertifiedIdentity> verify(ByteView certificate_chain) override {
    const Digest chain = crypto::sha256(certificate_chain);
    const auto found = known_.find(chain);
    if (found != known_.end()) return found->second;
    COVEY_ASSIGN_OR_RETURN(auto identity, verifier_.verify(certificate_chain));
    return known_.emplace(chain, std::move(identity)).first->second;
  }

 private:
  crypto::CertificateVerifier verifier_;
  std::map<Digest, crypto::CertifiedIdentity> known_;  // by their chains
};

// A thread on which some of the devices live, each waiting for one thing at a time. What a lane
// gives to its devices is used on its thread only.
class Lane {
 public:
  explicit Lane(crypto::CertificateVerifier verifier)
      : verifier_(std::move(verifier)), thread_([this] { run(); }) {}
  // After the last completion that its devices wait for.
  ~Lane() { queue_.Shutdown(); }
  Lane(const Lane&) = delete;

  grpc::CompletionQueue& queue() { return queue_; }
  secagg::IdentityVerifier& verifier() { return verifier_; }
  crypto::Random& random() { return random_; }

 private:
  void run() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) static_cast<Completion*>(tag)->completed(ok);
  }

  grpc::CompletionQueue queue_;
  RememberingVerifier verifier_;
  crypto::SystemRandom random_;
  std::jthread thread_;  // last: it uses what is above
};

}  // namespace covey::bench
