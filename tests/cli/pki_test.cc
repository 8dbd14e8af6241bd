#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "cli/pki/commands.h"
#include "cli/pki/passphrase.h"
#include "cli/pki/run_pki.h"
#include "covey/crypto/pem.h"
#include "support/catch.h"

namespace covey::cli {
namespace {

namespace fs = std::filesystem;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "covey-pki-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { fs::remove_all(path_); }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

SecretBytes secret(const std::string& text) { return SecretBytes(view_of(text)); }
Result<SecretBytes> passphrase() { return secret("open sesame"); }

int mode_of(const fs::path& path) {
  struct stat about {};
  stat(path.c_str(), &about);
  return static_cast<int>(about.st_mode & 0777);
}

std::string text_of_file(const fs::path& path) { return read_text_file(path).value(); }

// An authority in "authority", and what a test does with it.
struct World {
  World() { REQUIRE(init_authority(authority, "test", passphrase().value()).has_value()); }

  fs::path make_request(const std::string& name) {
    return make_key_and_request(folder / name, name).value().request_file;
  }
  Result<IssuedCertificate> issue(const fs::path& request, Role role = Role::kDevice) {
    return issue_certificate({authority, request, folder / "chain.pem", role}, passphrase);
  }
  crypto::CertificateVerifier verifier() {
    return crypto::CertificateVerifier::create(
               crypto::split_certificates_from_pem(text_of_file(authority / "authority.pem"))
                   .value())
        .value();
  }
  Bytes chain() {
    return crypto::certificates_from_pem(text_of_file(folder / "chain.pem")).value();
  }

  TemporaryFolder folder;
  fs::path authority = folder / "authority";
};

int run(std::vector<std::string> words) {
  words.insert(words.begin(), "pki");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return run_pki(static_cast<int>(argv.size()), argv.data());
}

TEST_CASE("an authority's folder is its owner's alone and its key encrypted", "[pki]") {
  World world;
  CHECK(mode_of(world.authority) == 0700);
  CHECK(mode_of(world.authority / "authority.key") == 0600);
  CHECK(mode_of(world.authority / "issued.json") == 0600);
  CHECK(crypto::is_encrypted_private_key(text_of_file(world.authority / "authority.key")));
  CHECK(fs::exists(world.authority / "revoked.crl"));
  CHECK(read_index(world.authority)->issued.empty());
}

TEST_CASE("an authority is never made over something else", "[pki]") {
  World world;
  const std::string key = text_of_file(world.authority / "authority.key");
  const auto again = init_authority(world.authority, "test", secret("other"));
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == ErrorCode::kAlreadyExists);
  CHECK(text_of_file(world.authority / "authority.key") == key);
}

TEST_CASE("a device's key stays where it was made, and its certificate verifies", "[pki]") {
  World world;
  const auto made = make_key_and_request(world.folder / "device", "device-1").value();
  CHECK(mode_of(made.key_file) == 0600);
  const auto issued = world.issue(made.request_file);
  REQUIRE(issued.has_value());
  CHECK(issued->name == "device-1");
  const auto identity = world.verifier().verify(world.chain()).value();
  CHECK(identity.name == "device-1");
  CHECK(identity.serial == issued->serial);
  const auto key = crypto::private_key_from_pem(text_of_file(made.key_file)).value();
  CHECK(identity.key == key.public_key());
  CHECK_FALSE(make_key_and_request(world.folder / "device", "device-1").has_value());
  CHECK(crypto::private_key_from_pem(text_of_file(made.key_file)).value().public_key() ==
        key.public_key());
}

TEST_CASE("a coordinator's certificate is for a coordinator", "[pki]") {
  World world;
  REQUIRE(world.issue(world.make_request("coordinator.test"), Role::kCoordinator).has_value());
  CHECK(world.verifier().verify_coordinator(world.chain()).has_value());
  CHECK_FALSE(world.verifier().verify(world.chain()).has_value());
  CHECK_FALSE(world.issue(world.make_request("no dns name"), Role::kCoordinator).has_value());
}

TEST_CASE("a name holds one certificate until it is revoked", "[pki]") {
  World world;
  const fs::path request = world.make_request("device-1");
  const auto first = world.issue(request);
  REQUIRE(first.has_value());
  const auto second = world.issue(request);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::kAlreadyExists);

  REQUIRE(revoke_certificate(world.authority, "device-1", passphrase).has_value());
  const auto third = world.issue(request);
  REQUIRE(third.has_value());
  CHECK(third->serial > first->serial);
}

TEST_CASE("a revoked certificate is on the list that the coordinator reads", "[pki]") {
  World world;
  REQUIRE(world.issue(world.make_request("device-1")).has_value());
  const Bytes chain = world.chain();
  auto verifier = world.verifier();
  const auto take_list = [&] {
    const auto list =
        crypto::revocations_from_pem(text_of_file(world.authority / "revoked.crl")).value();
    return verifier.set_revocations(list).has_value();
  };
  CHECK(take_list());
  CHECK(verifier.verify(chain).has_value());
  const auto revoked = revoke_certificate(world.authority, "device-1", passphrase);
  REQUIRE(revoked.has_value());
  CHECK(revoked->is_revoked);
  CHECK(take_list());
  CHECK_FALSE(verifier.verify(chain).has_value());

  CHECK(revoke_certificate(world.authority, "device-1", passphrase).has_value());
  CHECK(take_list());
  CHECK_FALSE(verifier.verify(chain).has_value());
  const auto unknown = revoke_certificate(world.authority, "device-2", passphrase);
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == ErrorCode::kNotFound);
}

TEST_CASE("without the passphrase nothing is issued and no serial is used", "[pki]") {
  World world;
  const fs::path request = world.make_request("device-1");
  const auto refused =
      issue_certificate({world.authority, request, world.folder / "chain.pem", Role::kDevice},
                        [] { return Result<SecretBytes>(secret("wrong")); });
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kPermissionDenied);
  CHECK_FALSE(fs::exists(world.folder / "chain.pem"));
  CHECK(read_index(world.authority)->issued.empty());
}

TEST_CASE("where the chain cannot be written, nothing is issued", "[pki]") {
  World world;
  const auto refused = issue_certificate({world.authority, world.make_request("device-1"),
                                          world.folder / "no such folder/chain.pem", Role::kDevice},
                                         passphrase);
  REQUIRE_FALSE(refused.has_value());
  CHECK(read_index(world.authority)->issued.empty());
}

TEST_CASE("an index survives the way through its file, and a damaged one is refused", "[pki]") {
  IssuedIndex index{4, 2, {{"a", Role::kDevice, 2, true}, {"b", Role::kCoordinator, 3, false}}};
  const std::string json = to_json(index);
  CHECK(to_json(index_from_json(json).value()) == json);
  for (std::size_t size = 0; size + 2 < json.size(); ++size) {
    CHECK_FALSE(index_from_json(json.substr(0, size)).has_value());
  }
  index.next_serial = 3;  // serial 3 was given
  CHECK_FALSE(index_from_json(to_json(index)).has_value());
  index.next_serial = 4;
  index.issued[0].serial = 3;
  CHECK_FALSE(index_from_json(to_json(index)).has_value());
}

TEST_CASE("one command makes a whole federation for development", "[pki]") {
  TemporaryFolder folder;
  const auto names = make_development_federation(folder / "dev", {"coordinator.test", 3}).value();
  CHECK(names ==
        std::vector<std::string>{"coordinator.test", "device-01", "device-02", "device-03"});
  CHECK(text_of_file(folder / "dev/authority.key").starts_with("For development only"));
  auto verifier =
      crypto::CertificateVerifier::create(
          crypto::split_certificates_from_pem(text_of_file(folder / "dev/authority.pem")).value())
          .value();
  const auto chain = [&](const std::string& name) {
    return crypto::certificates_from_pem(text_of_file(folder / ("dev/" + name + ".pem"))).value();
  };
  CHECK(verifier.verify_coordinator(chain("coordinator"))->name == "coordinator.test");
  for (const char* name : {"device-01", "device-02", "device-03"}) {
    const auto identity = verifier.verify(chain(name)).value();
    CHECK(identity.name == name);
    const auto key =
        crypto::private_key_from_pem(text_of_file(folder / ("dev/" + std::string(name) + ".key")));
    CHECK(identity.key == key->public_key());
  }
  CHECK_FALSE(make_development_federation(folder / "dev", {"coordinator", 3}).has_value());
  CHECK_FALSE(make_development_federation(folder / "none", {"coordinator", 0}).has_value());
  const auto no_passphrase = []() -> Result<SecretBytes> { return invalid_argument("not needed"); };
  CHECK(revoke_certificate(folder / "dev", "device-02", no_passphrase).has_value());
}

TEST_CASE("the passphrase is the first line of its file", "[pki]") {
  TemporaryFolder folder;
  std::ofstream(folder / "secret") << "open sesame\r\nnot this\n";
  std::ofstream(folder / "empty") << "\n";
  CHECK(text_of(obtain_passphrase((folder / "secret").string(), true)->reveal()) == "open sesame");
  CHECK_FALSE(obtain_passphrase((folder / "empty").string(), true).has_value());
  CHECK_FALSE(obtain_passphrase((folder / "none").string(), true).has_value());
}

TEST_CASE("the command line tells done, refused and wrong from one another", "[pki]") {
  TemporaryFolder folder;
  const std::string dev = (folder / "dev").string();
  CHECK(run({}) == 2);
  CHECK(run({"--help"}) == 0);
  CHECK(run({"frobnicate"}) == 2);
  for (const char* command : {"init", "request", "issue", "revoke", "list", "dev"}) {
    INFO(command);
    CHECK(run({command, "--help"}) == 0);
    CHECK(run({command}) == 2);
    CHECK(run({command, "--bogus"}) == 2);
  }
  CHECK(run({"dev", dev, "--devices", "x"}) == 2);
  CHECK(run({"dev", dev, "--devices", "2", "--format", "xml"}) == 2);
  CHECK(run({"dev", dev, "--devices", "2"}) == 0);
  CHECK(run({"dev", dev, "--devices", "2"}) == 1);
  CHECK(run({"list", dev, "--format", "json"}) == 0);
  CHECK(run({"list", dev, "extra"}) == 2);
  CHECK(run({"list", (folder / "none").string()}) == 1);
}

}  // namespace
}  // namespace covey::cli
