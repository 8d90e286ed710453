-- The extension, freshly installed and attached to the reference schema. Nothing here needs a superuser.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS mrcall_ext CASCADE;
DROP SCHEMA IF EXISTS mrcall CASCADE;
CREATE EXTENSION mrcall_ext;
SELECT mrcall.attach() \g /dev/null
