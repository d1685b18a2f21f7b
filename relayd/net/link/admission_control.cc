#include "relayd/net/link/admission_control.h"

#include <algorithm>
#include <map>

namespace tsmtp::net {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kNetworkBytes = 8;
constexpr std::chrono::seconds kCountedFor{10};
constexpr std::size_t kMaxAddressesCounted = 4096;

// An IPv4 address, or the first half of an IPv6 one: a host that has one address of a /64 has all of them.
std::string key_of(const ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  const auto bytes = v6.to_bytes();
  return {reinterpret_cast<const char*>(bytes.data()), kNetworkBytes};
}

}  // namespace

AdmissionControl::Place::Place(std::shared_ptr<Book> book, std::list<Entry>::iterator entry)
    : book_(std::move(book)), entry_(entry) {}

AdmissionControl::Place::Place(Place&& other) noexcept
    : book_(std::exchange(other.book_, nullptr)), entry_(other.entry_) {}

AdmissionControl::Place& AdmissionControl::Place::operator=(Place&& other) noexcept {
  release();
  book_ = std::exchange(other.book_, nullptr);
  entry_ = other.entry_;
  return *this;
}

AdmissionControl::Place::~Place() {
  release();
}

void AdmissionControl::Place::release() {
  if (book_) std::exchange(book_, nullptr)->waiting.erase(entry_);
}

AdmissionControl::Place AdmissionControl::admit(const ip::address& from, std::function<void()> give_up) {
  const std::string key = key_of(from);
  make_room(key);
  book_->waiting.push_back({key, std::move(give_up)});
  return {book_, std::prev(book_->waiting.end())};
}

bool AdmissionControl::begin_handshake(const ip::address& from, base::TimePoint now) {
  if (now - counted_since_ >= kCountedFor) {
    handshakes_.clear();
    counted_since_ = now;
  }
  const std::string key = key_of(from);
  // More addresses than we keep count of are not one attacker's, as far as we can tell.
  if (handshakes_.size() >= kMaxAddressesCounted && !handshakes_.contains(key)) return true;
  return ++handshakes_[key] <= limits_.handshakes_of_one_address;
}

void AdmissionControl::make_room(const std::string& from) {
  std::map<std::string, std::size_t> counts;
  for (const Entry& entry : book_->waiting)
    ++counts[entry.from];
  if (counts[from] >= limits_.of_one_address) return drive_out(from);
  if (book_->waiting.size() < limits_.total) return;
  const auto most = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  const bool all_alike = most->second == 1;
  drive_out(all_alike ? book_->waiting.front().from : most->first);
}

void AdmissionControl::drive_out(const std::string& from) {
  const auto oldest = std::find_if(book_->waiting.begin(), book_->waiting.end(),
                                   [&](const Entry& entry) { return entry.from == from; });
  if (oldest == book_->waiting.end()) return;
  ++book_->driven_out;
  const auto give_up = oldest->give_up;
  give_up();  // which gives the place back, and so ends the entry
}

}  // namespace tsmtp::net
