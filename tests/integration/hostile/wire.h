#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "covey/proto/channel.h"

namespace covey::testing {

// What connections say who they are with: a certificate of the federation, or none.
class TlsClient {
 public:
  explicit TlsClient(const channel::TlsIdentity& identity);  // without a certificate: shows none
  SSL_CTX* context() const { return context_.get(); }

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

// A connection to 127.0.0.1 on which anything may be sent: in clear, and after `shake_hands`
// through TLS. Nothing waits for longer than a few seconds. Not thread-safe.
class Wire {
 public:
  explicit Wire(int port);
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&& other) noexcept;
  ~Wire();

  bool is_open() const { return is_open_; }  // as far as this end has noticed
  bool shake_hands(const TlsClient& client);
  bool send(const std::string& bytes);     // false: the other end has hung up, or takes nothing
  bool is_closed_by_peer();                // in clear only
  bool receive_some(std::string& append);  // what is there already; false: it has hung up
  void wait_for_input() const;             // not for long

 private:
  int socket_;
  bool is_open_ = false;
  std::unique_ptr<SSL, void (*)(SSL*)> session_{nullptr, SSL_free};
};

// What a TLS client says first.
std::string client_hello(const TlsClient& client);

}  // namespace covey::testing
