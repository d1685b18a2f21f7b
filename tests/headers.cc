// Nothing but a reason for CMake to compile the tests' precompiled headers.
#include <gmock/gmock.h>
