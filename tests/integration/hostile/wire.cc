#include "integration/hostile/wire.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "covey/base/check.h"

namespace covey::testing {
namespace {

constexpr int kPatienceSeconds = 5;
constexpr int kGlanceMs = 5;

using BioHandle = std::unique_ptr<BIO, int (*)(BIO*)>;

BioHandle bio_of(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

}  // namespace

TlsClient::TlsClient(const channel::TlsIdentity& identity)
    : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
  const unsigned char alpn[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context_.get(), alpn, sizeof alpn);
  if (identity.certificate_pem.empty()) return;
  const BioHandle chain = bio_of(identity.certificate_pem);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr), X509_free);
  const BioHandle key_text = bio_of(text_of(identity.private_key_pem.reveal()));
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  COVEY_CHECK(SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1);  // both are
  COVEY_CHECK(SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1);           // Covey's own
}

Wire::Wire(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{kPatienceSeconds, 0};
  const int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  is_open_ = connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

Wire::Wire(Wire&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      is_open_(std::exchange(other.is_open_, false)),
      session_(std::move(other.session_)) {}

Wire& Wire::operator=(Wire&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(is_open_, other.is_open_);
  std::swap(session_, other.session_);
  return *this;
}

Wire::~Wire() {
  if (socket_ < 0) return;
  // With a reset, so that an attacker's own machine does not run out of ports.
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(socket_);
}

bool Wire::shake_hands(const TlsClient& client) {
  if (!is_open_) return false;
  session_.reset(SSL_new(client.context()));
  SSL_set_fd(session_.get(), socket_);
  is_open_ = SSL_connect(session_.get()) == 1;
  return is_open_;
}

bool Wire::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (is_open_ && sent < bytes.size()) {
    const char* const rest = bytes.data() + sent;
    const std::size_t left = bytes.size() - sent;
    const ssize_t now = session_ != nullptr
                            ? SSL_write(session_.get(), rest, static_cast<int>(left))
                            : ::send(socket_, rest, left, MSG_NOSIGNAL);
    is_open_ = now > 0;
    if (is_open_) sent += static_cast<std::size_t>(now);
  }
  return is_open_;
}

void Wire::wait_for_input() const {
  pollfd event{socket_, POLLIN, 0};
  poll(&event, 1, kGlanceMs);
}

bool Wire::is_closed_by_peer() {
  char byte = 0;
  const ssize_t got = recv(socket_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

bool Wire::receive_some(std::string& append) {
  if (!is_open_) return false;
  if (session_ == nullptr) return !is_closed_by_peer();
  char buffer[16384];
  char byte = 0;
  while (SSL_pending(session_.get()) > 0 || recv(socket_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0) {
    const int got = SSL_read(session_.get(), buffer, sizeof buffer);
    is_open_ = got > 0;
    if (!is_open_) return false;
    append.append(buffer, static_cast<std::size_t>(got));
  }
  is_open_ = !is_closed_by_peer();
  return is_open_;
}

std::string client_hello(const TlsClient& client) {
  const std::unique_ptr<SSL, void (*)(SSL*)> session(SSL_new(client.context()), SSL_free);
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(session.get(), BIO_new(BIO_s_mem()), out);  // which it owns
  SSL_connect(session.get());                             // waits for an answer that never comes
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(out, &data));
  return std::string(data, size);
}

}  // namespace covey::testing
