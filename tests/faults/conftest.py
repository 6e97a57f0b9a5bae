from tests.integration.conftest import kafka as kafka
from tests.integration.conftest import mqtt as mqtt
