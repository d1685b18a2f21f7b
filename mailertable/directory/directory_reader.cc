#include "mailertable/directory/directory_reader.h"

#include <ldap.h>

#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Where a server does not tell of changes. An edit must be in all tables within ten seconds.
constexpr seconds kAskEvery{3};
/// A server that tells of changes is asked for everything anew now and then: it says nothing of entries that
/// move with a container above them (RFC 4533 section 3.4 leaves renamed subtrees to it).
constexpr seconds kReadAnewEvery{60};
/// A search that took long is not asked for more often than this many times its duration.
constexpr int kLeastPause = 20;
constexpr seconds kSignOfLifeEvery{5};
/// All entries, however slowly they come.
constexpr std::chrono::minutes kLongestReading{10};

base::Error describe_end(const ServerMessage& message, const std::string& base) {
  if (message.code == LDAP_NO_SUCH_OBJECT)
    return {"there is no " + base::escaped(base, 200) +
            ", or it is not shown to the DN that asks: " + message.text};
  if (message.code == LDAP_SIZELIMIT_EXCEEDED || message.code == LDAP_ADMINLIMIT_EXCEEDED ||
      message.code == LDAP_TIMELIMIT_EXCEEDED)
    return {"the server gives only a part of the entries to the DN that asks (" + message.text +
            "); raise its limits there"};
  if (message.code == LDAP_SUCCESS) return {"the server ended the search"};
  return {"the search failed: " + message.text};
}

}  // namespace

base::Result<void> DirectoryReader::connect() {
  std::string causes;
  for (std::size_t tries = 0; tries < access_.urls.size(); ++tries) {
    auto opened = Connection::open(access_, access_.urls[server_]);
    if (opened) {
      connection_.emplace(*std::move(opened));
      return {};
    }
    causes += (causes.empty() ? "" : "; ") + opened.error().message;
    server_ = (server_ + 1) % access_.urls.size();
  }
  return base::Error{causes};
}

base::Result<void> DirectoryReader::begin(Way way, Clock::time_point now) {
  if (search_ != 0) connection_->abandon(search_);
  const auto started = connection_->search(way == Way::kSync);
  if (!started) return started.error();
  way_ = way;
  search_ = *started;
  content_ = Content(bounds_);
  began_ = heard_ = now;
  return {};
}

base::Result<bool> DirectoryReader::take_end(const ServerMessage& message, Clock::time_point now) {
  search_ = 0;
  const bool is_not_offered = message.code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION ||
                              message.code == LDAP_UNWILLING_TO_PERFORM ||
                              message.code == LDAP_PROTOCOL_ERROR;
  if (way_ == Way::kSync && is_not_offered && !content_.is_whole()) {
    if (auto begun = begin(Way::kAskAgain, now); !begun) return begun.error();
    return false;
  }
  if (way_ == Way::kSync || message.code != LDAP_SUCCESS) return describe_end(message, access_.base);
  content_.complete();
  again_ = now + std::max<Clock::duration>(kAskEvery, (now - began_) * kLeastPause);
  return true;
}

base::Result<bool> DirectoryReader::take(ServerMessage message, Clock::time_point now) {
  heard_ = now;
  if (sign_of_life_ != 0 && message.id == sign_of_life_) {
    if (message.kind == ServerMessage::Kind::kDone) sign_of_life_ = 0;
    return false;
  }
  // libldap gives an unsolicited notification the number 0: the server takes its leave (RFC 4511
  // section 4.4.1).
  if (message.id == 0) return base::Error{"the server closes the connection: " + message.text};
  if (message.id != search_) return false;  // of one that was abandoned
  const bool was_whole = content_.is_whole();
  base::Result<bool> changed = false;
  switch (message.kind) {
    case ServerMessage::Kind::kEntry:
      if (message.sync_state) {
        changed = content_.add_synced(std::move(message.entry), *message.sync_state);
      } else if (way_ == Way::kSync) {
        return base::Error{"the server sent an entry without a Sync State Control"};
      } else if (auto added = content_.add(std::move(message.entry)); !added) {
        return added.error();
      }
      break;
    case ServerMessage::Kind::kReference:
      return base::Error{"a part of " + base::escaped(access_.base, 200) + " is at another server, " +
                         base::escaped(message.value, 200) +
                         ", which is not asked; name that server, or a "
                         "smaller --base"};
    case ServerMessage::Kind::kInformation:
      if (!message.value.empty()) changed = content_.inform(message.value);
      break;
    case ServerMessage::Kind::kDone:
      return take_end(message, now);
  }
  if (changed && !was_whole && content_.is_whole())
    again_ = now + std::max<Clock::duration>(kReadAnewEvery, (now - began_) * kLeastPause);
  return changed;
}

base::Result<void> DirectoryReader::look_at_the_clock(Clock::time_point now) {
  const bool is_reading = search_ != 0 && !content_.is_whole();
  const bool is_asked = sign_of_life_ != 0;
  if ((is_reading && now - heard_ > access_.timeout) ||
      (is_asked && now - std::max(heard_, asked_) > access_.timeout))
    return base::Error{"the server says nothing for " + std::to_string(access_.timeout.count()) + " seconds"};
  if (is_reading && now - began_ > kLongestReading)
    return base::Error{"the server has not sent all entries in ten minutes"};
  if (!is_reading && now >= again_) {
    if (auto begun = begin(way_, now); !begun) return begun;
  }
  if (is_asked || now - std::max(heard_, asked_) < kSignOfLifeEvery) return {};
  const auto asked = connection_->ask_for_a_sign_of_life();
  if (!asked) return asked.error();
  sign_of_life_ = *asked;
  asked_ = now;
  return {};
}

base::Result<bool> DirectoryReader::follow_connected(milliseconds wait) {
  const auto deadline = Clock::now() + wait;
  while (true) {
    const auto now = Clock::now();
    if (auto fine = look_at_the_clock(now); !fine) return fine.error();
    const auto left = std::chrono::ceil<milliseconds>(deadline - now);
    if (left.count() <= 0) return false;
    auto message = connection_->next(std::min(left, milliseconds(1000)));
    if (!message) return message.error();
    if (!message->has_value()) continue;
    auto changed = take(**std::move(message), Clock::now());
    if (!changed || *changed) return changed;
  }
}

base::Result<bool> DirectoryReader::follow(milliseconds wait) {
  base::Result<bool> changed = false;
  if (!connection_) {
    if (auto connected = connect(); !connected) return connected.error();
    sign_of_life_ = search_ = 0;
    again_ = Clock::time_point::max();
    if (auto begun = begin(Way::kSync, Clock::now()); !begun) changed = begun.error();
  }
  if (changed) changed = follow_connected(wait);
  if (changed) return changed;
  const base::Error error = base::with_context(base::escaped(access_.urls[server_], 200), changed.error());
  connection_.reset();
  server_ = (server_ + 1) % access_.urls.size();
  return error;
}

base::Result<Content> DirectoryReader::read_once() {
  std::string causes;
  for (std::size_t tries = 0; tries < access_.urls.size(); ++tries) {
    if (auto connected = connect(); !connected) return connected.error();
    base::Result<bool> done = false;
    if (auto begun = begin(Way::kAskAgain, Clock::now()); !begun) done = begun.error();
    while (done && !*done)
      done = follow_connected(access_.timeout);
    if (done) return std::move(content_);
    causes += (causes.empty() ? "" : "; ") + base::escaped(access_.urls[server_], 200) + ": " +
              done.error().message;
    connection_.reset();
    search_ = sign_of_life_ = 0;
    server_ = (server_ + 1) % access_.urls.size();
  }
  return base::Error{causes};
}

std::string DirectoryReader::how() const {
  return base::escaped(access_.urls[server_], 200) +
         (way_ == Way::kSync ? ", by syncrepl"
                             : ", which does not offer syncrepl and is asked every " +
                                   std::to_string(kAskEvery.count()) + " seconds");
}

}  // namespace tsmtp::mailertable
