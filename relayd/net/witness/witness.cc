#include "relayd/net/witness/witness.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>

#include "relayd/base/system_cause.h"
#include "relayd/net/io/descriptor_message.h"
#include "relayd/net/io/process_name.h"
#include "relayd/net/witness/witness_process.h"

namespace tsmtp::net {
namespace {

// A user who looks for relayd, or kills it by its name, does not find the witness.
constexpr char kName[] = "tsmtp-witness";

// Nothing of relayd's but the two descriptors (the book's is its lock): no listening socket stays open
// because of the witness, and nobody who reads our standard error waits for its end.
void let_go_of_everything_but(int& socket, int& book) {
  socket = fcntl(socket, F_DUPFD_CLOEXEC, 3);
  if (book >= 0) book = fcntl(book, F_DUPFD_CLOEXEC, 3);
  const int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2; ++fd)
    dup2(null, fd);
  const int first = book < 0 ? socket : std::min(socket, book), last = std::max(socket, book);
  if (first > 3) close_range(3, static_cast<unsigned>(first - 1), 0);
  if (last > first + 1) close_range(static_cast<unsigned>(first + 1), static_cast<unsigned>(last - 1), 0);
  close_range(static_cast<unsigned>(last + 1), ~0U, 0);
}

base::Result<std::unique_ptr<ledger::CommitBook>> make_book_in(const std::string& dir) {
  return ledger::CommitBook::make(
      dir + "/commits." + std::to_string(getpid()) + '.' +
      std::to_string(std::chrono::system_clock::now().time_since_epoch().count()));
}

[[noreturn]] void run(int socket, std::unique_ptr<ledger::CommitBook> book,
                      const std::function<base::Result<void>(int)>& in_child) {
  const pid_t witness = fork();  // relayd has no child to wait for
  if (witness != 0) _exit(witness < 0 ? 1 : 0);
  setsid();
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2})
    std::signal(signal, SIG_IGN);
  int descriptor = book ? book->descriptor() : -1;
  let_go_of_everything_but(socket, descriptor);
  rename_process(kName);
  if (chdir("/") != 0 || !in_child(descriptor)) _exit(1);
  be_witness(socket, std::move(book));
  _exit(0);
}

}  // namespace

WitnessedCommit::~WitnessedCommit() {
  if (!is_left_) witness_->book_->give_back(*slot_);
}

void WitnessedCommit::open() {
  if (std::exchange(is_open_, true)) return;
  slot_->open(about_.connection, about_.site, about_.transaction, about_.refused);
}

base::Result<std::unique_ptr<Witness>> Witness::start(
    const std::string& dir, base::Logger& log, const std::function<base::Result<void>(int)>& in_child) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return base::Error{"no socket for the witness: " + base::system_cause(errno)};
  auto book = make_book_in(dir);
  const pid_t child = fork();
  if (child == 0) run(ends[1], book ? std::move(*book) : nullptr, in_child);
  close(ends[1]);
  std::unique_ptr<Witness> witness(new Witness(dir, ends[0], log));
  if (book) {
    witness->book_ = std::move(*book);
  } else {
    witness->trouble_ = book.error().message;
  }
  int status = 1;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return base::Error{"this machine can start no more processes"};
  return witness;
}

Witness::~Witness() {
  if (book_ && !book_->has_used_slots()) book_->remove();
  close(socket_);
}

base::Result<void> Witness::make_book() {
  if (book_) return {};
  if (is_gone_) return base::Error{trouble_};
  auto book = make_book_in(dir_);
  if (!book) {
    trouble_ = book.error().message;
    return book.error();
  }
  const WitnessMessage said{.kind = WitnessMessage::kBook, .number = 0};
  const std::string_view bytes(reinterpret_cast<const char*>(&said), sizeof said);
  if (!send_message(socket_, bytes, (*book)->descriptor(), MSG_DONTWAIT)) {
    const std::string cause = base::system_cause(errno);
    (*book)->remove();
    send_failed();
    return base::Error{"the witness does not take its book: " + cause};
  }
  book_ = std::move(*book);
  trouble_.clear();
  return {};
}

std::uint32_t Witness::watch(int socket) {
  if (!send_letting_go()) return 0;
  WitnessMessage said{.kind = WitnessMessage::kWatch, .number = last_number_ + 1};
  if (said.number == 0) said.number = 1;
  const std::string_view bytes(reinterpret_cast<const char*>(&said), sizeof said);
  if (!send_message(socket_, bytes, socket, MSG_DONTWAIT)) {
    send_failed();
    return 0;
  }
  return last_number_ = said.number;
}

void Witness::unwatch(std::uint32_t number) {
  if (number == 0) return;
  to_let_go_.push_back(number);
  (void)send_letting_go();
}

// False if the witness is behind with its reading, or gone.
bool Witness::send_letting_go() {
  while (!to_let_go_.empty()) {
    const WitnessMessage said{.kind = WitnessMessage::kUnwatch, .number = to_let_go_.back()};
    if (send(socket_, &said, sizeof said, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
      send_failed();
      return false;
    }
    to_let_go_.pop_back();
  }
  return true;
}

void Witness::send_failed() {
  if (errno != EPIPE && errno != ECONNRESET) return;  // it is slow, or has no room for more
  to_let_go_.clear();
  trouble_ = "the witness has ended; it is there again when relayd is started anew";
  if (!std::exchange(is_gone_, true))
    log_.log(base::LogLevel::kWarning,
             "the witness has ended (killed?): a mail that is being delivered when relayd is killed may come "
             "twice; it is there again when relayd is started anew");
}

std::unique_ptr<WitnessedCommit> Witness::begin_commit(WitnessedCommit::About about) {
  if (about.connection == 0 || !book_) return nullptr;
  ledger::CommitSlot* const slot = book_->take();
  if (slot == nullptr) return nullptr;
  return std::make_unique<WitnessedCommit>(*this, *slot, std::move(about));
}

}  // namespace tsmtp::net
