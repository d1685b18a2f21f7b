#include "relayd/net/witness/witness_process.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "relayd/mail/last_words.h"
#include "relayd/net/io/descriptor_message.h"

namespace tsmtp::net {
namespace {

// RFC 5321 section 4.5.3.2.6: ten minutes for the reply to the end of content.
constexpr std::chrono::minutes kReplyTimeout{10};

using Connections = std::map<std::uint32_t, int>;

std::string path_of_open(int descriptor) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error).string();
}

// Until relayd is gone.
Connections hold_connections(int socket, std::unique_ptr<ledger::CommitBook>& book) {
  Connections held;
  for (;;) {
    auto received = receive_message(socket);
    if (!received || received->text.empty()) return held;
    WitnessMessage said{};
    if (received->text.size() != sizeof said) continue;
    std::memcpy(&said, received->text.data(), sizeof said);
    if (said.kind == WitnessMessage::kBook && received->descriptor.is_open()) {
      const int descriptor = received->descriptor.release();
      if (auto taken = ledger::CommitBook::take_over(descriptor, path_of_open(descriptor)))
        book = std::move(*taken);
      continue;
    }
    if (const auto old = held.find(said.number); old != held.end()) {
      close(old->second);
      held.erase(old);
    }
    if (said.kind == WitnessMessage::kWatch && received->descriptor.is_open())
      held[said.number] = received->descriptor.release();
  }
}

bool is_answered(ledger::CommitSlot& slot) {
  return mail::outcome_of(slot.reply(), slot.reply_room().empty(), {}).has_value();
}

struct Outstanding {
  ledger::CommitSlot* slot;
  int fd;
};

// The questions of relayd whose answers are outstanding. All other connections are closed, as if relayd had
// held them alone.
std::vector<Outstanding> take_over(const ledger::CommitBook& book, Connections held) {
  std::vector<Outstanding> outstanding;
  for (ledger::CommitSlot& slot : book.slots()) {
    if (!slot.is_open()) continue;
    const auto connection = held.find(slot.connection());
    if (is_answered(slot) || connection == held.end()) {
      slot.close();
      continue;
    }
    // Whether the end of content is complete only the MTA knows: this side ends, and one that lacks some of
    // it gives the mail up.
    if (!slot.is_sent()) shutdown(connection->second, SHUT_WR);
    outstanding.push_back({&slot, connection->second});
    held.erase(connection);
  }
  for (const auto& [number, fd] : held)
    close(fd);
  return outstanding;
}

// Whether nothing more is to be waited for.
bool read_reply(const Outstanding& one) {
  const std::span<char> room = one.slot->reply_room();
  const ssize_t bytes = recv(one.fd, room.data(), room.size(), MSG_DONTWAIT);
  if (bytes < 0) return errno != EAGAIN && errno != EINTR;
  return bytes == 0 || is_answered(*one.slot);
}

}  // namespace

void be_witness(int socket, std::unique_ptr<ledger::CommitBook> book) {
  Connections held = hold_connections(socket, book);
  if (!book) return;
  std::vector<Outstanding> outstanding = take_over(*book, std::move(held));
  const auto deadline = std::chrono::steady_clock::now() + kReplyTimeout;
  while (!outstanding.empty()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    std::vector<pollfd> waiting;
    waiting.reserve(outstanding.size());
    for (const Outstanding& one : outstanding)
      waiting.push_back({.fd = one.fd, .events = POLLIN, .revents = 0});
    if (poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) break;
    std::erase_if(outstanding, [](const Outstanding& one) {
      if (!read_reply(one)) return false;
      one.slot->close();
      close(one.fd);
      return true;
    });
  }
  for (const Outstanding& one : outstanding)
    one.slot->close();
  if (!book->has_used_slots()) book->remove();  // nothing that the next relayd need know
}

}  // namespace tsmtp::net
