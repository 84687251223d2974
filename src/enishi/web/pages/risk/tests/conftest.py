from tests.pages import sign_in as sign_in
from tests.pages import world as world
