#include "relayd/net/io/shortage.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

const char* missing(int error) {
  switch (error) {
    case EMFILE:
      return "this hub is out of file descriptors";
    case ENFILE:
      return "this machine is out of file descriptors";
    case ENOMEM:
    case ENOBUFS:
      return "this hub is out of memory";
    default:
      return nullptr;
  }
}

}  // namespace

bool is_shortage(const boost::system::error_code& error) {
  const bool is_of_the_system = error.category() == boost::system::system_category() ||
                                error.category() == boost::system::generic_category();
  return is_of_the_system && missing(error.value()) != nullptr;
}

std::string cause_of(const boost::system::error_code& error) {
  if (!is_shortage(error)) return error.message();
  return std::string(missing(error.value())) + " (" + error.message() + ')';
}

std::string no_thread(const std::string& why) {
  return "this hub can make no thread (" + why + ')';
}

void Shortages::note(std::string_view what, const boost::system::error_code& error) {
  note(std::string(what) + ": " + cause_of(error));
}

void Shortages::note(std::string text) {
  ++times_;
  last_ = wall_now();
  text_ = std::move(text);
  log_.log_provoked(base::Provoked::kTrouble, "shortage", base::LogLevel::kError, text_);
}

void Shortages::look_at_memory() {
  const bool was_short = std::exchange(is_short_of_memory_, !reserve_.refill());
  if (was_short == is_short_of_memory_) return;
  if (is_short_of_memory_) return note("this hub is out of memory: mails are put off until there is some");
  log_.log(base::LogLevel::kInfo, "there is memory again: mails are taken");
}

bool SpareDescriptor::refill() {
  if (fd_ < 0) fd_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return fd_ >= 0;
}

bool SpareDescriptor::give_up() {
  return fd_ >= 0 && close(std::exchange(fd_, -1)) == 0;
}

}  // namespace tsmtp::net
