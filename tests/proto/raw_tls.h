#pragma once

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <csignal>
#include <memory>
#include <string>

#include "covey/base/check.h"
#include "covey/proto/channel.h"

namespace covey::testing {

// One end of a TLS connection through OpenSSL alone, of one version of TLS. With an empty
// certificate_pem, a client that shows none.
class RawTls {
 public:
  RawTls(const SSL_METHOD* method, int version, const channel::TlsIdentity& identity)
      : context_(SSL_CTX_new(method), SSL_CTX_free) {
    std::signal(SIGPIPE, SIG_IGN);  // the peer may have hung up; gRPC's own sockets raise none
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    if (identity.certificate_pem.empty()) return;
    const std::unique_ptr<BIO, int (*)(BIO*)> chain(of(identity.certificate_pem), BIO_free);
    const std::unique_ptr<X509, void (*)(X509*)> certificate(
        PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr), X509_free);
    const std::unique_ptr<BIO, int (*)(BIO*)> key_bio(
        of(std::string(text_of(identity.private_key_pem.reveal()))), BIO_free);
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
        PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    COVEY_CHECK(SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1);  // both are
    COVEY_CHECK(SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1);           // Covey's own
  }

  // Whether the server at 127.0.0.1:`port` takes this for a client. With TLS 1.3 only a read shows
  // what it thinks of the certificate: here it is the first of HTTP/2's settings that it sends.
  bool connects_to(int port) {
    const Connection connection(BIO_new_connect(("127.0.0.1:" + std::to_string(port)).c_str()),
                                BIO_free);
    if (BIO_do_connect(connection.get()) != 1) return false;
    const Session session = session_over(connection.get());
    const unsigned char alpn[] = {2, 'h', '2'};
    SSL_set_alpn_protos(session.get(), alpn, sizeof alpn);
    char byte = 0;
    return SSL_connect(session.get()) == 1 && SSL_read(session.get(), &byte, 1) == 1;
  }

  // Whether the client that connects to `listener` next takes this for a server.
  bool accepts_from(BIO* listener) {
    if (BIO_do_accept(listener) != 1) return false;
    const Connection connection(BIO_pop(listener), BIO_free);
    return SSL_accept(session_over(connection.get()).get()) == 1;
  }

 private:
  using Connection = std::unique_ptr<BIO, int (*)(BIO*)>;
  using Session = std::unique_ptr<SSL, void (*)(SSL*)>;

  static BIO* of(const std::string& text) {
    BIO* const bio = BIO_new(BIO_s_mem());
    BIO_write(bio, text.data(), static_cast<int>(text.size()));
    return bio;
  }

  Session session_over(BIO* connection) {
    Session session(SSL_new(context_.get()), SSL_free);
    BIO_up_ref(connection);  // the session's, which takes one for both directions
    SSL_set_bio(session.get(), connection, connection);
    return session;
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

}  // namespace covey::testing
