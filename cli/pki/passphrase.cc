#include "cli/pki/passphrase.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "cli/pki/safe_file.h"

namespace covey::cli {
namespace {

constexpr std::size_t kMaxLength = 1024;

// The terminal of this process, which does not show what is typed as long as this lives.
class SilentTerminal {
 public:
  SilentTerminal() : file_(open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (file_ < 0 || tcgetattr(file_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_silent_ = tcsetattr(file_, TCSAFLUSH, &silent) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (is_silent_) tcsetattr(file_, TCSAFLUSH, &before_);
    if (file_ >= 0) close(file_);
  }

  bool is_silent() const { return is_silent_; }

  Result<SecretBytes> ask(std::string_view prompt) {
    say(prompt);
    SecretBytes line(kMaxLength);
    std::size_t length = 0;
    while (length < kMaxLength && read(file_, &line.reveal_mutable()[length], 1) == 1 &&
           line.reveal()[length] != '\n') {
      ++length;
    }
    say("\n");
    return SecretBytes(line.reveal().first(length));
  }

 private:
  void say(std::string_view text) {
    static_cast<void>(!write(file_, text.data(), text.size()));  // not shown, still asked
  }

  int file_;
  bool is_silent_ = false;
  termios before_{};
};

Result<SecretBytes> ask_for_passphrase(bool confirm) {
  SilentTerminal terminal;
  if (!terminal.is_silent()) {
    return Error{ErrorCode::kFailedPrecondition,
                 "the authority's passphrase is needed, and there is no terminal to ask at: give "
                 "--passphrase-file or set COVEY_PASSPHRASE"};
  }
  COVEY_ASSIGN_OR_RETURN(SecretBytes typed, terminal.ask("Passphrase of the authority: "));
  if (!confirm) return typed;
  COVEY_ASSIGN_OR_RETURN(const SecretBytes again, terminal.ask("The same again: "));
  if (!equal_constant_time(typed.reveal(), again.reveal())) {
    return invalid_argument("the two passphrases differ: start again");
  }
  return typed;
}

Result<SecretBytes> first_line_of(const std::string& file) {
  COVEY_ASSIGN_OR_RETURN(const SecretBytes content, read_secret_file(file));
  const ByteView all = content.reveal();
  const auto end =
      std::find_if(all.begin(), all.end(), [](std::uint8_t c) { return c == '\n' || c == '\r'; });
  return SecretBytes(all.first(static_cast<std::size_t>(end - all.begin())));
}

Result<SecretBytes> any_passphrase(const std::optional<std::string>& file, bool confirm) {
  if (file) return first_line_of(*file);
  if (const char* const set = std::getenv("COVEY_PASSPHRASE")) {
    return SecretBytes(view_of(set));
  }
  return ask_for_passphrase(confirm);
}

}  // namespace

Result<SecretBytes> obtain_passphrase(const std::optional<std::string>& file, bool confirm) {
  COVEY_ASSIGN_OR_RETURN(SecretBytes passphrase, any_passphrase(file, confirm));
  if (passphrase.size() == 0) return invalid_argument("expected a passphrase, found an empty one");
  return passphrase;
}

}  // namespace covey::cli
